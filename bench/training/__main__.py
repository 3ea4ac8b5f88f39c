"""Makes integrations/models/fast.npz: `python -m bench.training` (some minutes, no network)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.training.fitting import Floats, fit, rows, sigmoid
from bench.training.teacher import LABELS, Teacher
from bench.training.texts import (
    CONTEXTS,
    HOT_TEXTS,
    HOT_WORDS,
    RANDOM_TEXTS,
    listed,
    own_lines,
    random_texts,
    shown,
)

VERSION = "2026-11"
TARGET = Path(__file__).parents[2] / "integrations" / "models" / "fast.npz"
SEED = 3
COMMON = 0.85
"""Common words are chosen a little less often than people write them."""

OWN_SHARE = 0.85
"""How far our own word on our own lines counts, the rest being the teacher's."""

SURE = 7.0
"""Log odds beyond which the teacher is not followed."""

CATEGORIES = ("profanity", "hate", "adult", "violence", "self_harm", "crime")
OF_TEACHER = {"profanity": ("obscene",), "hate": ("insult", "identity_hate"),
              "violence": ("threat",)}  # fmt: skip
THREATS_ARE_RARE = 2.0
"""Added to the teacher's log odds of a threat, which it gives too seldom."""

OWN_WEIGHT = 5.0


def main() -> None:
    """Ask the teacher, fit, and write the file."""
    teacher = Teacher()
    words = sorted(word for word in teacher.numbers if len(word) > 1 or word in "aiu")
    often = [teacher.counts[word] ** COMMON for word in words]
    single = shown(words)
    logits = teacher.judge(single)
    minded = logits[:, 0].reshape(len(words), len(CONTEXTS)).mean(axis=1)
    hot = [words[at] for at in np.argsort(-minded)[:HOT_WORDS]]
    made = random_texts(words, often, RANDOM_TEXTS, SEED)
    made += random_texts(words, often, HOT_TEXTS, SEED + 1, hot)
    own = own_lines(SEED)
    texts = [*single, *made, *(line.text for line in own)]
    logits = np.concatenate([logits, teacher.judge(texts[len(single) :])]).astype(np.float64)
    features = rows(texts)
    chances = sigmoid(np.clip(logits[:, 0], -SURE, SURE))
    ours = np.array([line.unsafe for line in own], np.float64)
    chances[-len(own) :] = OWN_SHARE * ours + (1 - OWN_SHARE) * chances[-len(own) :]
    weights, bias = fit(features, chances, np.ones(len(texts)), strength=3.0)

    lists = listed()
    unsafe = np.flatnonzero(chances[: -len(own)] > 0.5)
    by_teacher = [_category(row) for row in logits[unsafe]]
    by_us = [line for line in (*own, *lists) if line.unsafe]
    every = rows([*(texts[at] for at in unsafe), *(line.text for line in by_us)])
    named = np.array([*by_teacher, *(line.category for line in by_us)])
    counts = np.concatenate([np.ones(len(unsafe)), np.full(len(by_us), OWN_WEIGHT)])
    heads = [fit(every, (named == name).astype(float), counts, 3.0) for name in CATEGORIES]
    scales = [float(np.abs(head).max()) / 127 for head, _ in heads]
    np.savez_compressed(
        TARGET,
        version=np.array(VERSION),
        weights=weights.astype(np.float16),
        bias=np.array(bias),
        categories=np.array(CATEGORIES),
        heads=np.array([np.round(h / s) for (h, _), s in zip(heads, scales, strict=True)], np.int8),
        scales=np.array(scales),
        biases=np.array([bias for _, bias in heads]),
    )


def _category(logits: Floats) -> str:
    """What the teacher minds most."""
    of = dict(zip(LABELS, logits, strict=True))
    of["threat"] += THREATS_ARE_RARE
    return max(OF_TEACHER, key=lambda name: max(of[label] for label in OF_TEACHER[name]))


if __name__ == "__main__":
    main()
