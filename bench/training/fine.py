"""Makes integrations/models/fine.npz: `python -m bench.training.fine` (ten minutes, no network)."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from bench.training.__main__ import COMMON, OWN_SHARE, SEED, SURE, VERSION
from bench.training.fitting import fit, sigmoid
from bench.training.teacher import Teacher
from bench.training.texts import CONTEXTS, HOT_WORDS, own_lines, random_texts, shown
from integrations.minilm import read_minilm

TARGET = Path(__file__).parents[2] / "integrations" / "models" / "fine.npz"
MINDED_TEXTS = 4_000
OTHER_TEXTS = 4_000
RANDOM_TEXTS = 3_000


def main() -> None:
    """Ask the teacher about some of its words, read all with MiniLM, fit, and write the file."""
    teacher = Teacher()
    words = sorted(word for word in teacher.numbers if len(word) > 1 or word in "aiu")
    single = shown(words)
    toxic = teacher.judge(single)[:, 0]
    often = [teacher.counts[word] ** COMMON for word in words]
    hottest = np.argsort(-toxic.reshape(len(words), len(CONTEXTS)).mean(axis=1))[:HOT_WORDS]
    chance = random.Random(SEED)
    minded = [at for at, each in enumerate(toxic) if each > -1]
    other = [at for at, each in enumerate(toxic) if each <= -1]
    chosen = chance.sample(minded, MINDED_TEXTS) + chance.sample(other, OTHER_TEXTS)
    texts = [single[at] for at in chosen]
    texts += random_texts(words, often, RANDOM_TEXTS, SEED + 1, [words[at] for at in hottest])
    own = own_lines(SEED, "texts_fine.yaml")
    texts += [line.text for line in own]
    chances = sigmoid(np.clip(teacher.judge(texts)[:, 0].astype(np.float64), -SURE, SURE))
    ours = np.array([line.unsafe for line in own], np.float64)
    chances[-len(own) :] = OWN_SHARE * ours + (1 - OWN_SHARE) * chances[-len(own) :]
    meant = read_minilm().embed(texts)
    weights, bias = fit(meant, chances, np.ones(len(texts)), strength=1.0, steps=400)
    np.savez_compressed(
        TARGET, version=np.array(VERSION), weights=weights.astype(np.float32), bias=np.array(bias)
    )


if __name__ == "__main__":
    main()
