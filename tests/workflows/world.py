"""The outside of a workflow test: parties that answer as the test says, on a real database.

Our own database code, rules and documents are the real ones; mail servers, platforms and the
payment provider answer from a script.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.campaigns import Campaigns
from activities.claims import Claims
from activities.documents import Documents
from activities.guard import CodesOnly
from activities.maintenance import Maintenance
from activities.payouts import Payouts
from activities.publication import not_due
from activities.records import Records
from activities.vetting import Vetting
from domain import watching
from domain.errors import ConfigurationError, TroupeError
from domain.lifecycle import CheckState, SafetyVerdict
from domain.messages import (
    AppliedEvent,
    CheckResult,
    HeldPayout,
    MailResult,
    OnboardingTask,
    Queue,
    Screening,
    StripeEventTask,
    TransferOutcome,
    TransferRequest,
    TransferResult,
    WatchRequest,
    WatchResult,
)
from domain.watching import EARLY, watched
from worker import workflow_runner
from workflows.bonus import BonusWorkflow
from workflows.campaign import CampaignWorkflow
from workflows.claim import ClaimBackWorkflow, ClaimWorkflow
from workflows.collaboration import CollaborationWorkflow
from workflows.payout import PayoutWorkflow
from workflows.upkeep import StripeEventWorkflow

STORIES = [
    CampaignWorkflow, CollaborationWorkflow, PayoutWorkflow, StripeEventWorkflow, BonusWorkflow,
    ClaimBackWorkflow, ClaimWorkflow,
]  # fmt: skip
"""Each is loaded into a sandbox for every test; the others are for the upkeep of a whole stack."""

FINE = CheckResult(state=CheckState.OK)
GONE = CheckResult(state=CheckState.GONE)
UNKNOWN = CheckResult(state=CheckState.UNKNOWN)
UNSURE = CheckResult(state=CheckState.UNSURE)


def faulty(*faults: str) -> CheckResult:
    """A post that is live and not as agreed."""
    return CheckResult(state=CheckState.FAULTY, faults=faults)


NOT_FOUND = TransferResult(outcome=TransferOutcome.NOT_FOUND)


class World:
    """What mail servers, platforms and the provider say; scripts run out into "all is well"."""

    def __init__(self) -> None:
        self.looks: deque[CheckResult] = deque()
        self._taken: dict[tuple[str, int], list[tuple[CheckResult, datetime]]] = defaultdict(list)
        self.transfers: deque[TransferResult | TroupeError] = deque()
        self.adopted = TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id="tr_by_hand")
        """What is there already, by its own list and our books."""
        self.look_ups: deque[TransferResult | TroupeError] = deque()
        self.screening = Screening(verdict=SafetyVerdict.CLEAR)
        self.news: AppliedEvent | TroupeError = AppliedEvent()
        """What follows from every event of the provider, or why it cannot be applied."""
        self.mails = "accepted"
        """What becomes of every mail."""
        self.sent: list[str] = []
        self.broken_mails = 0
        """So many mails fail in a way that only a person can mend."""
        self.provider: Payouts | None = None
        """The real activities of payments, instead of the scripts."""
        self.requests: list[TransferRequest] = []
        self.holds: deque[bool] = deque()
        """Whether what a payment waits for is still to come; then it has come."""
        self.asked_about: list[HeldPayout] = []
        self.attempts: dict[str, int] = defaultdict(int)

    @activity.defn(name="send_mail")
    async def send_mail(self, outbox_id: str) -> MailResult:
        """The mail server."""
        if self.broken_mails:
            self.broken_mails -= 1
            raise ConfigurationError("no such sender")
        self.sent.append(outbox_id)
        return MailResult(status=self.mails)

    @activity.defn(name="recheck_creator")
    async def recheck_creator(self, collaboration_id: str) -> Screening:
        """Brand safety."""
        return self.screening

    @activity.defn(name="watch_publication")
    async def watch_publication(self, request: WatchRequest) -> WatchResult:
        """The platform; by the workflow's clock, which the server moves."""
        taken = self._taken[request.publication_id, request.first_number]
        now = activity.info().current_attempt_scheduled_time
        while True:
            looks = [watching.Look(result.state, at) for result, at in taken]
            stands = watched(request.moments, looks, request.again_after, patient=request.patient)
            if stands.due is None:
                return WatchResult(last=taken[-1][0], looks=len(taken), passed=stands.passed)
            if (wait := stands.due - now) > EARLY:
                raise not_due(stands.due, wait)
            taken.append((self.looks.popleft() if self.looks else FINE, now))

    @activity.defn(name="send_transfer")
    async def send_transfer(self, request: TransferRequest) -> TransferResult:
        """The payment provider."""
        self.requests.append(request)
        if self.provider:
            return await self.provider.send_transfer(request)
        if self.transfers:
            answer = self.transfers.popleft()
            if isinstance(answer, TroupeError):
                raise answer
            return answer
        return TransferResult(
            outcome=TransferOutcome.TRANSFERRED, transfer_id=f"tr_{request.payout_id}"
        )

    @activity.defn(name="adopt_transfer")
    async def adopt_transfer(self, request: TransferRequest) -> TransferResult:
        """The provider's list has one transfer in the payment's group."""
        return self.adopted

    @activity.defn(name="still_held")
    async def still_held(self, held: HeldPayout) -> bool:
        """What a payment waits for."""
        self.asked_about.append(held)
        return self.holds.popleft() if self.holds else False

    @activity.defn(name="look_up_transfer")
    async def look_up_transfer(self, request: TransferRequest) -> TransferResult:
        """The provider's list."""
        if self.provider:
            return await self.provider.look_up_transfer(request)
        found = self.look_ups.popleft() if self.look_ups else NOT_FOUND
        if isinstance(found, TroupeError):
            raise found
        return found

    @activity.defn(name="prepare_onboarding")
    async def prepare_onboarding(self, task: OnboardingTask) -> str:
        """The provider's onboarding."""
        return task.link_id

    @activity.defn(name="apply_stripe_event")
    async def apply_stripe_event(self, task: StripeEventTask) -> AppliedEvent:
        """The provider's news."""
        if self.provider:
            return await self.provider.apply_stripe_event(task)
        if isinstance(self.news, TroupeError):
            raise self.news
        return self.news


def workflow_worker(
    client: Client,
    engine: AsyncEngine,
    records: Records | None = None,
    claims: Claims | None = None,
    *,
    cached: int = 50,
) -> Worker:
    """The worker that carries all stories; ``cached=0`` replays them at every task."""
    records, claims = records or Records(engine), claims or Claims(engine, client)
    campaigns = Campaigns(engine, client)
    return Worker(
        client,
        task_queue=Queue.WORKFLOWS.value,
        workflows=STORIES,
        activities=[
            records.append, records.apply_decision, records.grant_bonus,
            claims.claim_back, claims.left_of_claim, claims.tell_claims,
            campaigns.standing, campaigns.tell_campaign, Documents(engine).render_terms,
        ],
        workflow_runner=workflow_runner(),
        max_cached_workflows=cached,
        interceptors=[CodesOnly()],
    )  # fmt: skip


def outside_workers(client: Client, engine: AsyncEngine, world: World) -> list[Worker]:
    """One worker per outside party."""
    campaigns, vetting = Campaigns(engine, client), Vetting(engine)
    outside: dict[Queue, list[Any]] = {
        Queue.VETTING: [
            world.recheck_creator, vetting.vet_roster, vetting.solve_shortlist,
            vetting.resolve_shortlist, vetting.plan_starts, vetting.write_report,
            campaigns.tell_collaborations, Maintenance(engine, client).sweep,
        ],
        Queue.OUTREACH: [world.send_mail],
        Queue.PUBLICATION: [world.watch_publication],
        Queue.PAYOUTS: [
            world.send_transfer, world.adopt_transfer, world.look_up_transfer, world.still_held,
            world.prepare_onboarding, world.apply_stripe_event,
        ],
    }  # fmt: skip
    return [
        Worker(
            client, task_queue=name.value, activities=activities, interceptors=[CodesOnly()]
        )
        for name, activities in outside.items()
    ]  # fmt: skip
