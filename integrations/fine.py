"""The finer look: the fast engine, and beside it what MiniLM understands of a text as a whole.

For the few texts that matter most: a creator's posts just before the first mail, and drafts. It
reads some thirty captions a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from domain.findings import Finding
from domain.ngrams import Token
from integrations.classifier import FastEngine, Model, fast_engine, read_model
from integrations.minilm import MiniLM, NotInstalled, read_minilm

HEAD = Path(__file__).parent / "models" / "fine.npz"
SHARE = 0.7
"""What MiniLM's log odds count beside those of the words."""


class FineEngine(FastEngine):
    """The fast engine with MiniLM's word added to each text's log odds."""

    def __init__(self, model: Model, minilm: MiniLM, head: Path = HEAD) -> None:
        super().__init__(model)
        with np.load(head, allow_pickle=False) as file:
            version = str(file["version"])
            self._weights, self._bias = file["weights"], float(file["bias"])
        self._own_name = f"fine {version}"
        self.name = f"{self._own_name} + {self.name}"
        self._minilm = minilm

    def _log_odds(self, texts: Sequence[str], found: Sequence[Sequence[Token]]) -> list[float]:
        meant = self._minilm.embed(texts) @ self._weights + self._bias
        of_words = super()._log_odds(texts, found)
        return [a + SHARE * float(b) for a, b in zip(of_words, meant, strict=True)]


@cache
def fine_engine() -> FineEngine:
    """The engine with the models that come with Troupe.

    Raises:
        NotInstalled: onnxruntime or MiniLM's files are missing.
    """
    return FineEngine(read_model(), read_minilm())


def finest_engine() -> FastEngine:
    """The fine engine, or the fast one on machines that have no onnxruntime."""
    try:
        return fine_engine()
    except NotInstalled:
        return fast_engine()


class CloserLook:
    """The finest engine of the machine, loaded when it is first asked: many processes never ask."""

    @property
    def name(self) -> str:
        """Name and version of the engine that answers."""
        return finest_engine().name

    @property
    def languages(self) -> frozenset[str]:
        """What it covers."""
        return finest_engine().languages

    @property
    def flag_from(self) -> float:
        """The least mark that is shown to a person."""
        return finest_engine().flag_from

    def find(self, texts: Sequence[str], language: str) -> list[Finding]:
        """What it finds."""
        return finest_engine().find(texts, language)

    def marks(self, texts: Sequence[str], language: str) -> list[float]:
        """How unsafe each text is."""
        return finest_engine().marks(texts, language)


CLOSER_LOOK = CloserLook()
