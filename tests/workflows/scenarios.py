"""Representative lives of workflows, played to the end: what is recorded and replayed later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.decisions import CounterChoice, OfferChoice, PublicationChoice, ReviewChoice
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus
from domain.messages import CheckResult, TransferOutcome, TransferResult
from domain.wishes import Wish
from tests.workflows.campaign_stage import set_up_campaign
from tests.workflows.clock import Handle
from tests.workflows.payment import payment
from tests.workflows.people import SILENCE, Plan
from tests.workflows.stage import set_up
from tests.workflows.world import FINE, GONE, faulty

Played = AbstractAsyncContextManager[Handle]
Scenario = Callable[[WorkflowEnvironment, AsyncEngine], Played]

GO_LIVE = PublicationChoice(content_id="")
NOT_ONBOARDED = TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="inactive")


@asynccontextmanager
async def _collaboration(
    environment: WorkflowEnvironment,
    engine: AsyncEngine,
    *,
    plan: Plan | None = None,
    looks: tuple[CheckResult, ...] = (),
    stopped_after: str = "",
) -> AsyncIterator[Handle]:
    async with set_up(environment, engine, plan=plan) as stage:
        stage.world.looks.extend(looks)
        handle = await stage.start()
        if stopped_after:
            await stage.until(handle, stopped_after)
            await handle.signal("campaign_stopped")
        await stage.play(handle)
        yield handle


@asynccontextmanager
async def _payout(
    environment: WorkflowEnvironment,
    engine: AsyncEngine,
    *,
    amount_minor: int = 15_000,
    transfers: tuple[TransferResult, ...] = (),
) -> AsyncIterator[Handle]:
    async with payment(environment, engine, amount_minor) as pay:
        pay.stage.world.transfers.extend(transfers)
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        yield pay.handle


@asynccontextmanager
async def _campaign(environment: WorkflowEnvironment, engine: AsyncEngine) -> AsyncIterator[Handle]:
    async with set_up_campaign(environment, engine, wanted=2, roster=4) as stage:
        stage.deviate(stage.creators[0], {ItemKind.OFFER: OfferChoice(answer="no")})
        await stage.start()
        await stage.rests()
        await stage.changes({(await stage.in_order())[-1]: Wish.STRIKE})
        await stage.play()
        yield stage.handle


SCENARIOS: dict[str, Scenario] = {
    "collaboration/quiet": _collaboration,
    "collaboration/counter_offer": partial(
        _collaboration,
        plan={
            ItemKind.OFFER: [
                OfferChoice(answer="counter", amount_minor=39_000),
                OfferChoice(answer="interested"),
            ],
            ItemKind.COUNTER: CounterChoice(answer="offer", amount_minor=34_000),
        },
    ),
    "collaboration/second_draft": partial(
        _collaboration,
        plan={ItemKind.DRAFT: [ReviewChoice(answer="changes"), ReviewChoice(answer="approve")]},
    ),
    "collaboration/cure": partial(_collaboration, looks=(faulty("no_disclosure"), FINE)),
    "collaboration/hearing": partial(
        _collaboration,
        plan={ItemKind.PUBLISH: [GO_LIVE, SILENCE]},
        looks=(FINE, *[GONE] * 40),
    ),
    "collaboration/kill_fee": partial(
        _collaboration, plan={ItemKind.SUBMIT: SILENCE}, stopped_after="draft_asked"
    ),
    "payout/two_releases": partial(_payout, amount_minor=45_000),
    "payout/held_then_paid": partial(_payout, transfers=(NOT_ONBOARDED,)),
    "campaign/backfill": _campaign,
}
"""By the folder and the name of what is recorded; a workflow that is continued has several runs."""
