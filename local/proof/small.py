"""Payments that Stripe refuses as too small: they go along with others, or are paid another way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.decisions import SettleChoice
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, StreamKind
from domain.messages import DecisionRef
from integrations import temporal
from local.proof.ground import Ground
from local.proof.scene import Scene
from local.proof.steps import MINIMUM_MINOR, Case, End, Step
from local.proof.waiting import until
from store import decisions, desk, other_payments
from store.engine import session


class Small:
    """Brings payments to where they wait for company, and from there to their places."""

    def __init__(self, ground: Ground, scene: Scene) -> None:
        self._ground, self._scene = ground, scene

    async def are_refused(self, mine: Sequence[Case]) -> None:
        """Let those that are too small be tried alone, and wait until they are marked.

        Afterwards their accounts take any amount: only our own books keep them from being sent
        alone as well.
        """
        small = [case for case in mine if case.small]
        accounts = [self._scene.account_of[case] for case in small]
        for account in accounts:
            self._ground.standin.limit(account, minimum=MINIMUM_MINOR)
        await self._scene.release(small)

        async def marked() -> bool:
            for case in small:
                if not (await self._scene.row(case)).rides:
                    return False
            return True

        await until(marked, "what is too small waits for company")
        for account in accounts:
            self._ground.standin.limit(account)

    async def come_to_their_places(self, mine: Sequence[Case]) -> None:
        """Let payments that are taken along hear of it, and those paid another way be settled."""
        taken = [case for case in mine if case.end is End.ALONG and case.step is not Step.GOES]
        await self._others_are_paid(taken)
        for case in taken:
            # What the sweep does; it would tell the others too, which are to be where they are.
            await temporal.take_along(self._ground.client, self._scene.payout_of[case])
        elsewhere = [case for case in mine if case.end is End.ELSEWHERE]
        await asyncio.gather(*(self._paid_elsewhere(case) for case in elsewhere))

    async def others_go_alone(self, mine: Sequence[Case]) -> None:
        """Send, to the account of each that is being paid another way, what could take it along."""
        await self._others_are_paid([case for case in mine if case.end is End.ELSEWHERE])

    async def _others_are_paid(self, mine: Sequence[Case]) -> None:
        others = [case.other for case in mine if case.other]
        await self._scene.release(others)
        paid = PayoutStatus.TRANSFERRED.value
        await asyncio.gather(*(self._scene.reaches(case, status=paid) for case in others))

    async def _paid_elsewhere(self, case: Case) -> None:
        """Finance says so, in the item that asks what is to become of the payment."""
        identity, now = self._scene.payout_of[case], datetime.now(UTC)

        async def asked() -> bool:
            async with session(self._ground.engine) as db:
                return await desk.open_item(db, ItemKind.UNPAID.value, identity) is not None

        await until(asked, f"{case.words}: finance is asked")
        async with session(self._ground.engine) as db:
            item = await desk.open_item(db, ItemKind.UNPAID.value, identity)
            assert item is not None, "it was there, and nobody answers it"
            other = await other_payments.keep(
                db, identity, now.date().isoformat(), f"wire {identity}", now
            )
            choice = SettleChoice(answer="elsewhere", content_id=other)
            row = await decisions.submit(
                db, kind=choice.kind, subject_kind=StreamKind.PAYOUT.value, subject_id=identity,
                actor_kind="staff", actor_id=self._scene.finance, choice=choice, seen=item.seen,
                comment="For the proof.", at=now,
            )  # fmt: skip
        await self._scene.tell(
            case, DecisionRef(decision_id=row, kind=choice.kind, seen=item.seen)
        )  # fmt: skip
