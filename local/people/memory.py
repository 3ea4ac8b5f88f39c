"""What simulated people remember when their process is started again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.people.deck import Temperament, card


@dataclass
class Life:
    """One creator's part in one campaign."""

    handle: str
    temperament: str
    done: list[str] = field(default_factory=list)
    """What was done, so that it is not done again."""
    post: str = ""
    """Id of the published post on the platform."""


class Memory:
    """All lives in one file, written after each step."""

    def __init__(self, path: Path, seed: int) -> None:
        self._path = path
        self._seed = seed
        self._lives: dict[str, Life] = {}
        if path.exists():
            kept = json.loads(path.read_text())
            self._lives = {key: Life(**life) for key, life in kept["lives"].items()}

    def life(self, collaboration: str, handle: str) -> Life:
        """The life behind a collaboration's page; dealt at the first look."""
        if collaboration not in self._lives:
            dealt = card(self._seed, len(self._lives))
            self._lives[collaboration] = Life(handle, dealt.value)
            self.save()
        return self._lives[collaboration]

    def did(self, life: Life, what: str) -> None:
        """Remember a step."""
        if what not in life.done:
            life.done.append(what)
        self.save()

    def dealt(self) -> dict[str, Temperament]:
        """Who is what, by handle."""
        return {life.handle: Temperament(life.temperament) for life in self._lives.values()}

    def save(self) -> None:
        """Write everything down; never half of it."""
        partial = self._path.with_suffix(".partial")
        content = {"seed": self._seed, "lives": {k: asdict(v) for k, v in self._lives.items()}}
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False))
        os.replace(partial, self._path)
