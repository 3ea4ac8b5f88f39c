"""Beside the three stories: set-up links, the provider's events, and the sweep."""

from __future__ import annotations

import asyncio
import contextlib

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.balances import Balances
    from activities.creator_watch import CreatorWatch
    from activities.follow_ups import FollowUps
    from activities.lost_events import LostEvents
    from activities.maintenance import Maintenance
    from activities.outreach import Outreach
    from activities.payouts import Payouts
    from activities.staff_mail import StaffMails
    from domain.ids import claim_workflow_id, payout_workflow_id
    from domain.messages import (
        BALANCE_WORKFLOW,
        CLAIM_CHANGED,
        FOLLOW_UP_WORKFLOW,
        LOST_EVENTS_WORKFLOW,
        MAINTENANCE_WORKFLOW,
        ONBOARDING_WORKFLOW,
        RECIPIENT_CHANGED,
        STAFF_MAIL_WORKFLOW,
        STRIPE_EVENT_WORKFLOW,
        AppliedEvent,
        OnboardingTask,
        Queue,
        StripeEventTask,
        TakenBack,
    )
    from workflows.births import start_payment
    from workflows.timeouts import (
        COMPARE_PATIENTLY,
        LOOK,
        MAIL,
        MAIL_SOON,
        MONEY_TASK,
        NEWS,
        SWEEP,
        TELL,
    )


@workflow.defn(name=STRIPE_EVENT_WORKFLOW)
class StripeEventWorkflow:
    """Apply one stored event: read the state at the provider, wake the payments that wait."""

    @workflow.run
    async def run(self, task: StripeEventTask) -> None:
        """Nothing in the event itself is believed; only that something may have changed."""
        applied: AppliedEvent = await workflow.execute_activity_method(
            Payouts.apply_stripe_event,
            task,
            task_queue=Queue.PAYOUTS.value,
            summary="re-read at the provider",
            **NEWS,
        )
        for payout in applied.woken:
            handle = workflow.get_external_workflow_handle(payout_workflow_id(payout))
            try:
                await handle.signal(RECIPIENT_CHANGED)
            except FailureError:
                workflow.logger.info("the payment is over already")
        for claim in applied.claims:
            of = workflow.get_external_workflow_handle(claim_workflow_id(claim))
            with contextlib.suppress(FailureError):
                # A claim of which nothing is open any more is over.
                await of.signal(CLAIM_CHANGED)
        for back in applied.taken_back:
            await self._put_to_a_person(back)
        for outbox_id in applied.mails:
            await self._send(outbox_id)

    async def _put_to_a_person(self, back: TakenBack) -> None:
        """What was taken back is a payment of its own, on hold; the creator is told at once."""
        await start_payment(back.payment, f"taken back of {back.payment.collaboration_id}")
        await self._send(back.outbox_id)

    async def _send(self, outbox_id: str) -> None:
        with contextlib.suppress(FailureError):
            # A mail that cannot be sent is in the outbox with its reason; the money matters more.
            await workflow.execute_activity_method(
                Outreach.send_mail,
                outbox_id,
                task_queue=Queue.OUTREACH.value,
                summary="mail about the event",
                **MAIL,
            )


@workflow.defn(name=ONBOARDING_WORKFLOW)
class OnboardingWorkflow:
    """A creator clicked "set up payments": a single-use link is made, at any time of their life.

    Not part of the collaboration: money may wait for its creator long after that has ended.
    """

    @workflow.run
    async def run(self, task: OnboardingTask) -> str:
        """Gives the id of the row that holds the link."""
        link: str = await workflow.execute_activity_method(
            Payouts.prepare_onboarding,
            task,
            task_queue=Queue.PAYOUTS.value,
            summary="payout set-up link",
            **MONEY_TASK,
        )
        return link


@workflow.defn(name=LOST_EVENTS_WORKFLOW)
class LostEventsWorkflow:
    """Ask the provider, by a schedule, for events that never arrived."""

    @workflow.run
    async def run(self) -> int:
        """Gives the number of events that were lost."""
        lost: int = await workflow.execute_activity_method(
            LostEvents.find_lost_events,
            task_queue=Queue.PAYOUTS.value,
            summary="events that never arrived",
            **COMPARE_PATIENTLY,
        )
        return lost


@workflow.defn(name=BALANCE_WORKFLOW)
class BalanceWorkflow:
    """Read, by a schedule, what the brand has at the provider."""

    @workflow.run
    async def run(self) -> bool:
        """True if it was read."""
        was_read: bool = await workflow.execute_activity_method(
            Balances.read_balance, task_queue=Queue.PAYOUTS.value, summary="balance", **LOOK
        )
        return was_read


@workflow.defn(name=STAFF_MAIL_WORKFLOW)
class StaffMailWorkflow:
    """Tell members of staff, by a schedule, what waits for them.

    Not part of the sweep: a mail server that does not answer must not hold that up.
    """

    @workflow.run
    async def run(self) -> int:
        """Gives the number of mails that were sent."""
        sent: int = await workflow.execute_activity_method(
            StaffMails.tell_staff, task_queue=Queue.OUTREACH.value, summary="mail to staff", **TELL
        )
        return sent


@workflow.defn(name=FOLLOW_UP_WORKFLOW)
class FollowUpWorkflow:
    """Follow up, by a schedule, what no story asks for: bank files, and who cannot be paid."""

    @workflow.run
    async def run(self) -> int:
        """Gives the number of mails that were sent."""
        await workflow.execute_activity_method(
            FollowUps.look_at_bank_files,
            task_queue=Queue.OUTREACH.value,
            summary="bank files",
            **SWEEP,
        )
        mails: list[str] = await workflow.execute_activity_method(
            FollowUps.follow_up_payout_setup,
            task_queue=Queue.OUTREACH.value,
            summary="who cannot be paid",
            **SWEEP,
        )
        return sum(await asyncio.gather(*(self._send(outbox_id) for outbox_id in mails)))

    async def _send(self, outbox_id: str) -> bool:
        """One mail, whatever becomes of the others: a server may refuse one address for days."""
        try:
            await workflow.execute_activity_method(
                Outreach.send_mail,
                outbox_id,
                task_queue=Queue.OUTREACH.value,
                summary="reminder of the payout set-up",
                **MAIL_SOON,
            )
        except FailureError:
            return False
        return True


@workflow.defn(name=MAINTENANCE_WORKFLOW)
class MaintenanceWorkflow:
    """One sweep, started by a schedule: what a crash left behind, and posts that came in."""

    @workflow.run
    async def run(self) -> int:
        """Gives the number of things taken up again."""
        swept: int = await workflow.execute_activity_method(
            Maintenance.sweep, task_queue=Queue.VETTING.value, summary="sweep", **SWEEP
        )
        told: int = await workflow.execute_activity_method(
            CreatorWatch.watch_creators,
            task_queue=Queue.VETTING.value,
            summary="new posts of those who take part",
            **SWEEP,
        )
        return swept + told
