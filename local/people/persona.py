"""Who the simulated creators are: what the roster knows, and an address to sign with."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

STREETS = ("Lindenweg", "Canal Street", "Rue des Lilas", "Kerkstraat", "Mill Lane", "Hafenstraße")


@dataclass(frozen=True)
class Persona:
    """One account in the roster."""

    handle: str
    platform: str
    email: str
    name: str
    country: str
    category: str
    followers: int

    @property
    def key(self) -> str:
        """The handle for comparison."""
        return self.handle.lstrip("@").casefold()

    def signature(self) -> str:
        """The name that this person types under a contract."""
        return self.name or self.handle.replace("_", " ").replace(".", " ").title()

    def mailbox(self) -> str:
        """Where mail reaches this person: an invented address if the roster knows none."""
        return self.email or f"{self.key.replace('_', '.')}@mail.example.com"

    def address(self) -> str:
        """An invented postal address, the same each time."""
        chance = random.Random(f"address:{self.key}")
        number, town = chance.randint(1, 180), chance.randint(1000, 9999)
        return f"{chance.choice(STREETS)} {number}\n{town} Exampleville, {self.country or 'NL'}"


def write_personas(path: Path, personas: Iterable[Persona]) -> None:
    """Hand the cast to the process that plays it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in personas], ensure_ascii=False))


def read_personas(path: Path) -> list[Persona]:
    """The cast."""
    return [Persona(**each) for each in json.loads(path.read_text())]
