"""Asking for the password again before money is released.

The hook is `create_app`'s ``step_up``, which the setting `TROUPE_STEP_UP` names: a brand with
passkeys puts its own in the place of the password's.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.batches import Releasable
from domain.campaign import CampaignFile
from domain.decisions import DecisionKind
from domain.errors import UserMistake
from domain.step_up import NEEDS_PROOF
from store import claim_reads, desk_lists, release_limit, staff
from store.sessions import renew_proof
from web.choices import subject_kind
from web.fields import Fields
from web.security import Failures
from web.visit import Visit, cookie_name


class ProofNeeded(UserMistake):
    """The person has to prove again who they are."""

    code = "proof_needed"


class ProofWrong(UserMistake):
    """The proof that was given is not right."""

    code = "proof_wrong"


class BadStepUp(UserMistake):
    """The setting names no hook."""

    code = "bad_step_up"


class StepUp(Protocol):
    """Decides whether a release needs a fresh proof of who sits there, and takes it."""

    async def check(self, v: Visit, fields: Fields, above_limit: bool, alone: bool) -> None:
        """Return if the person may go on.

        Args:
            v: the request, and who makes it.
            fields: of the form.
            above_limit: the money is above the campaign's limit for one person.
            alone: nobody else looks at it (``staffing: solo``): a second sign-in is needed.

        Raises:
            ProofNeeded: the form has to carry a proof.
            ProofWrong: the proof is not right.
        """
        ...


def hook_of(named: str) -> StepUp:
    """The hook that a setting names, as ``module:attribute``; the password's if it names none.

    Raises:
        BadStepUp: there is none by this name.
    """
    if not named:
        return PasswordAgain()
    module, _, attribute = named.partition(":")
    try:
        hook: StepUp = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadStepUp(
            f"TROUPE_STEP_UP names '{named}', which cannot be had ({type(error).__name__})",
            hint="write module:attribute of an object with a method `check` (web/step_up.py)",
        ) from error
    if not inspect.iscoroutinefunction(getattr(hook, "check", None)):
        raise BadStepUp(
            f"TROUPE_STEP_UP names '{named}', which has no async method `check`",
            hint="its arguments are those of `StepUp.check` in web/step_up.py",
        )
    return hook


@dataclass(frozen=True)
class PasswordAgain:
    """The password, if it was last given too long ago; above the limit sooner, alone always."""

    within: timedelta = timedelta(minutes=60)
    within_above_limit: timedelta = timedelta(minutes=5)

    async def check(self, v: Visit, fields: Fields, above_limit: bool, alone: bool) -> None:
        """See `StepUp`."""
        now = v.deps.clock()
        fresh = now - v.me.since <= (self.within_above_limit if above_limit else self.within)
        if fresh and not alone:
            return
        password = fields.get("password", "")[:1000]
        if not password:
            raise ProofNeeded("the password is asked for again")
        failures: Failures = v.request.app.state.failures
        address = v.request.client.host if v.request.client else ""
        if failures.blocked(v.me.email, address):
            raise ProofWrong("too many tries")
        if await staff.authenticate(v.db, v.me.email, password) is None:
            failures.add(v.me.email, address)
            raise ProofWrong("not the password")
        failures.forget(v.me.email, address)
        await renew_proof(v.db, v.request.cookies.get(cookie_name(v.deps), ""), now)


async def before_decision(v: Visit, kind: DecisionKind, fields: Fields, subject_id: str) -> None:
    """Have the hook look before a decision about money is written; see `NEEDS_PROOF`.

    Raises:
        ProofNeeded: see `StepUp`.
        ProofWrong: see `StepUp`.
    """
    if kind not in NEEDS_PROOF:
        return
    above, alone = True, False
    if subject_kind(kind) == "payout":
        found = await release_limit.counted(v.db, subject_id)
        if found is not None:
            above, alone = found.above, found.solo
    else:
        owed = await claim_reads.find(v.db, subject_id)
        if owed is not None:
            above, alone = owed.claim.amount_minor > owed.limit_minor, owed.solo
    hook: StepUp = v.request.app.state.step_up
    await hook.check(v, fields, above, alone)


async def before_money(v: Visit, fields: Fields) -> None:
    """Have the hook look before what no limit says is little.

    Money is handed to the bank, or booked as the bank says; money is called explained, after which
    nobody asks about it; or payments go on that stood still.

    Raises:
        ProofNeeded: see `StepUp`.
        ProofWrong: see `StepUp`.
    """
    hook: StepUp = v.request.app.state.step_up
    await hook.check(v, fields, above_limit=True, alone=False)


async def asks_before_explaining(v: Visit) -> bool:
    """True if the form has to carry a proof."""
    try:
        await before_money(v, {})
    except ProofNeeded:
        return True
    return False


async def before_batch(v: Visit, fields: Fields, payments: Sequence[Releasable]) -> None:
    """Have the hook look at the release of several payments of one campaign: at all together.

    Raises:
        ProofNeeded: see `StepUp`.
        ProofWrong: see `StepUp`.
    """
    campaign = await desk_lists.campaign(v.db, payments[0].campaign_id)
    above, alone = True, False
    if campaign is not None:
        file = CampaignFile.model_validate(campaign.file)
        amount = sum(each.amount_minor for each in payments)
        two = any(each.turn != "1/1" for each in payments)
        above = two or amount > file.release.second_person_above.minor
        alone = file.staffing == "solo"
    hook: StepUp = v.request.app.state.step_up
    await hook.check(v, fields, above, alone)
