"""Which Stripe key is used now: looked up before each call, so that a new one needs no restart.

A key in a file is read anew each time. Another content gives another client; calls that go on with
the old one end with it. What is no key, or one of the other mode, is never sent anywhere, and with
one of another account nothing is done but to ask Stripe whose it is: it stops payments as a refused
key does, until the file holds a good one.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from domain.errors import ConfigurationError, RailStopped
from integrations.own_account import KnownAccounts, account_of, another_account
from integrations.secret_source import SecretSource, SecretUnreadable, is_live, mark_of
from integrations.stripe_rail import StripeRail

log = logging.getLogger(__name__)

_KEY = re.compile(r"(?:sk|rk)_(?:test|live)_[A-Za-z0-9_]{1,240}")
"""Secret and restricted keys (docs.stripe.com/keys); a part of one may still look like this."""

_LOOKS = 6
"""So often a file that changes or gives no key is looked at before the call is given up."""
_BETWEEN_LOOKS_SECONDS = 0.15

MakeRail = Callable[[str], StripeRail]


@dataclass
class Mode:
    """Test or live, for all keys of a process: an account of one is unknown to the other."""

    name: str = ""
    """Empty until it is set, or the first key has shown it."""


@dataclass
class _Opened:
    key: str
    rail: StripeRail
    calls: int = 0
    account: str = ""
    """Whose the key is; empty until Stripe has said it."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """So that calls which begin together ask once."""


class StripeKeys:
    """The keys of one duty, one after the other, each with its client."""

    def __init__(
        self,
        source: SecretSource,
        make: MakeRail,
        mode: Mode,
        accounts: KnownAccounts,
        *,
        api_base: str,
    ) -> None:
        """Look at the key once; a file without one may still get it.

        Raises:
            ConfigurationError: there is a key that must not be used, or none and no file.
        """
        self.source = source
        self._make, self._mode, self._api_base = make, mode, api_base
        self._accounts = accounts
        self._current: _Opened | None = None
        self._old: list[_Opened] = []
        try:
            self._look()
        except SecretUnreadable as error:
            log.warning("no call to Stripe can be made yet: %s", error.message)

    @property
    def mark(self) -> str:
        """Tells the key, or what is wrong with it, from another, without saying it."""
        try:
            return mark_of(self._look())
        except ConfigurationError as error:
            return mark_of(error.message)

    @property
    def live(self) -> bool:
        """True if real money moves.

        Raises:
            RailStopped: there is no key yet that says so.
        """
        if not self._mode.name:
            try:
                self._look()
            except ConfigurationError as error:
                raise self._stopped(error) from None
        return self._mode.name == "live"

    @property
    def place(self) -> str:
        """Where creators' accounts are: `integrations.secret_source.place_of` the key.

        Raises:
            RailStopped: there is no key yet that says so.
        """
        if self._api_base:
            return "stand-in"
        return "live" if self.live else "test"

    @asynccontextmanager
    async def rail(self) -> AsyncIterator[StripeRail]:
        """The rail with the key of now, for one call; it is not closed before the call is over.

        Raises:
            RailStopped: there is no key that may be used, or Stripe refuses it; says which.
            Unavailable: whose the key is cannot be asked now, so that nothing is done with it.
        """
        opened = self._opened(await self._settled())
        opened.calls += 1
        try:
            await self._check_account(opened)
            yield opened.rail
        except RailStopped as error:
            # Perhaps another key is in the file by now, of which nothing bad is known.
            error.key_mark = opened.rail.key_mark
            raise
        finally:
            opened.calls -= 1
            await self._close_old()

    async def close(self) -> None:
        """Close all connections."""
        self._old += [self._current] if self._current else []
        self._current = None
        await self._close_old()

    def _opened(self, key: str) -> _Opened:
        if self._current is None or self._current.key != key:
            if self._current is not None:
                self._old.append(self._current)
                log.info("another key is used from now on, from %s", self.source.where)
            self._current = _Opened(key, self._make(key))
        return self._current

    async def _check_account(self, opened: _Opened) -> None:
        """Stripe is asked once for each key; what is known is read each time, as it may change."""
        async with opened.asking:
            if not opened.account:
                opened.account = await account_of(opened.rail, self.source.where)
        known = await self._accounts.known(opened.rail.place, opened.account)
        if known != opened.account:
            raise another_account(self.source.where, opened.account, known)

    async def _close_old(self) -> None:
        over = [each for each in self._old if not each.calls]
        self._old = [each for each in self._old if each.calls]
        for each in over:
            await each.rail.close()

    async def _settled(self) -> str:
        """The key of now; a changed one is believed when two looks at its file agree."""
        in_use = self._current.key if self._current else None
        last = ""
        for look in range(_LOOKS):
            try:
                found = self._look()
                problem = self._stopped(ConfigurationError(f"{self.source.where} keeps changing"))
            except ConfigurationError as error:
                found, problem = "", self._stopped(error)
            if found and (found in {last, in_use} or self.source.file is None):
                return found
            last = found
            if look < _LOOKS - 1:
                await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
        raise problem

    def _look(self) -> str:
        """The key of now, if it may be used.

        Raises:
            SecretUnreadable: the file holds no key; somebody may be writing it.
            ConfigurationError: it holds one that must not be used, or none is set.
        """
        key, where = self.source.read(), self.source.where
        if not key:
            raise ConfigurationError(
                "no Stripe key is set", hint="set TROUPE_STRIPE_KEY or TROUPE_STRIPE_KEY_FILE"
            )
        if self.source.file is not None and not _KEY.fullmatch(key):
            raise SecretUnreadable(
                f"{where}: what is in the file is no Stripe key",
                hint="write a secret or restricted key into it, and nothing else",
            )
        mode = "live" if is_live(key) else "test"
        if self._api_base and mode == "live":
            raise ConfigurationError(
                f"{where}: a live Stripe key must not be sent to a stand-in",
                hint="unset TROUPE_STRIPE_API_BASE to use Stripe, or use a test key",
            )
        if self._mode.name and mode != self._mode.name:
            raise ConfigurationError(
                f"{where}: this is a {mode} key, and payments are made in {self._mode.name} mode",
                hint="creators' accounts of one mode are unknown in the other: use a key of the "
                "same, or change TROUPE_STRIPE_MODE and start again",
            )
        self._mode.name = mode
        return key

    def _stopped(self, error: ConfigurationError) -> RailStopped:
        # Not the mark of what the file holds now: that may be a good key, which nobody refused.
        return RailStopped(error.message, hint=error.hint, key_mark=mark_of(error.message))
