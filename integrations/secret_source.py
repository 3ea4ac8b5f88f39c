"""A secret that can be exchanged while Troupe runs: kept in a file that is read at each use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import ConfigurationError

_MOST_BYTES = 4096
"""More is no secret of ours, and is not read."""


class SecretUnreadable(ConfigurationError):
    """The file that holds a secret is missing, empty or not to be read, perhaps only for now."""

    code = "secret_unreadable"


@dataclass(frozen=True)
class SecretSource:
    """Where a secret is: in a variable, for as long as the process runs, or in a file."""

    setting: str
    """The variable that holds it; with ``_FILE`` behind it, the one that names its file."""
    given: str = field(default="", repr=False)
    file: Path | None = None

    @property
    def is_set(self) -> bool:
        """True if there is a secret, or a file that should hold one."""
        return bool(self.given) or self.file is not None

    @property
    def where(self) -> str:
        """For people: where one looks to change it."""
        return self.setting if self.file is None else f"{self.setting}_FILE ({self.file})"

    def read(self) -> str:
        """The secret as it is now, without the line's end; empty if it is given and empty.

        Raises:
            SecretUnreadable: the file gives no secret; says why, and nothing of what is in it.
        """
        if self.file is None:
            return self.given
        try:
            with self.file.open("rb") as opened:
                content = opened.read(_MOST_BYTES + 1)
            found = content.decode().strip()
        except FileNotFoundError:
            raise self._unreadable("the file is not there") from None
        except OSError as error:
            raise self._unreadable(f"the file cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self._unreadable("the file is not text") from None
        if not found:
            raise self._unreadable("the file is empty")
        if len(content) > _MOST_BYTES:
            raise self._unreadable("the file is too long for a secret")
        return found

    def _unreadable(self, why: str) -> SecretUnreadable:
        return SecretUnreadable(
            f"{self.where}: {why}", hint="write the secret into it; it is read at each use"
        )


NO_SECRET = SecretSource("")
"""Nothing is set."""


def is_live(key: str) -> bool:
    """True if real money moves with this key of Stripe."""
    return "_live_" in key[:8]


def place_of(key: str, api_base: str) -> str:
    """``live``, ``test`` or ``stand-in``: none knows the accounts of another."""
    if api_base:
        return "stand-in"
    return "live" if is_live(key) else "test"


def mark_of(key: str) -> str:
    """Tells a key from another without saying it."""
    return hashlib.sha256(f"key\x1f{key}".encode()).hexdigest()[:12]
