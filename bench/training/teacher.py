"""The teacher: tox-block's recurrent network, read from its package and computed with numpy.

The package (MIT) was trained by its author on the Toxic Comment Data Set (CC0). None of its code is
run, and its pickled list of words is read without letting it make objects of its own.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from domain.errors import UserMistake

LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
LONGEST = 100
"""Words that the network reads; of a longer text the last ones."""

_KNOWN_WORDS = 20_000
_UNITS = 50
_FOLDED = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))
Floats = NDArray[np.float32]


class _Bare:
    """Stands for every object of the package: keeps what it had, can do nothing."""

    def __init__(self, *given: object) -> None:
        self.given = given

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {("collections", "OrderedDict"), ("collections", "defaultdict"),
                              ("builtins", "int")}:  # fmt: skip
            return super().find_class(module, name)
        return _Bare


class Teacher:
    """Says how toxic a text is, in six ways."""

    def __init__(self) -> None:
        try:
            package = distribution("tox-block")
        except PackageNotFoundError:
            raise UserMistake(
                "the teacher is not installed",
                hint="pip install --no-deps --require-hashes -r requirements-training.lock",
            ) from None
        folder = Path(str(package.locate_file("tox_block/trained_models")))
        with (folder / "encoder_0.1.2.pkl").open("rb") as file:
            tokenizer = _Careful(file).load().tokenizer
        numbers: Mapping[str, int] = tokenizer.word_index
        self.numbers = {word: at for word, at in numbers.items() if at < _KNOWN_WORDS}
        self.counts: Mapping[str, int] = tokenizer.word_counts
        with h5py.File(folder / "lstm_model_0.1.2.h5") as file:
            of = file["model_weights"]
            self._embedding = _array(of["embedding/embedding/embeddings:0"])
            self._ways = [
                tuple(
                    _array(of[f"bidirectional/bidirectional/{way}_lstm/{part}:0"])
                    for part in ("kernel", "recurrent_kernel", "bias")
                )
                for way in ("forward", "backward")
            ]
            self._dense = [
                (_array(of[f"{name}/{name}/kernel:0"]), _array(of[f"{name}/{name}/bias:0"]))
                for name in ("dense", "dense_1")
            ]

    def judge(self, texts: Sequence[str], at_once: int = 1024) -> Floats:
        """The logits of all six labels for each text."""
        read = [self._read(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda at: len(read[at]))
        found = np.zeros((len(texts), len(LABELS)), np.float32)
        for first in range(0, len(order), at_once):
            some = order[first : first + at_once]
            # The network was trained with zeros before each text; after thirty it has settled.
            width = min(LONGEST, max(len(read[some[-1]]) + 10, 30))
            rows = np.zeros((len(some), width), np.int64)
            for row, at in enumerate(some):
                if read[at]:
                    rows[row, -len(read[at]) :] = read[at]
            found[some] = self._run(rows)
        return found

    def _read(self, text: str) -> list[int]:
        words = text.lower().translate(_FOLDED).split()
        return [self.numbers[word] for word in words if word in self.numbers][-LONGEST:]

    def _run(self, rows: NDArray[np.int64]) -> Floats:
        forth, back = (
            self._walk(way, weights)
            for way, weights in zip((rows, rows[:, ::-1]), self._ways, strict=True)
        )
        (inner, inner_bias), (outer, outer_bias) = self._dense
        hidden = np.maximum(np.concatenate([forth, back], axis=1) @ inner + inner_bias, 0)
        return np.asarray(hidden @ outer + outer_bias, np.float32)

    def _walk(self, rows: NDArray[np.int64], weights: tuple[Floats, ...]) -> Floats:
        kernel, again, bias = weights
        hidden = np.zeros((len(rows), _UNITS), np.float32)
        cell, most = hidden.copy(), np.full_like(hidden, -9)
        for step in range(rows.shape[1]):
            gates = self._embedding[rows[:, step]] @ kernel + bias + hidden @ again
            come, forget, new, out = np.split(gates, 4, axis=1)
            cell = _gate(forget) * cell + _gate(come) * np.tanh(new)
            hidden = _gate(out) * np.tanh(cell)
            most = np.maximum(most, hidden)
        return most


def _gate(values: Floats) -> Floats:
    return np.asarray(np.clip(0.2 * values + 0.5, 0, 1), np.float32)


def _array(stored: Any) -> Floats:
    return np.asarray(stored, np.float32)
