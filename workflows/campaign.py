"""A campaign: vet the roster, have the shortlist signed off, keep the collaborations coming."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.campaigns import Campaigns
    from activities.vetting import Vetting
    from domain.decisions import DecisionKind, ResolveChoice
    from domain.inbox import ItemKind
    from domain.lifecycle import CampaignStatus, StreamKind
    from domain.messages import (
        CAMPAIGN_WORKFLOW,
        COLLABORATION_NEWS,
        CampaignChange,
        CampaignInput,
        CampaignState,
        CollaborationNews,
        PlanStarts,
        Posting,
        PostingKind,
        Queue,
        ShortlistResult,
        SolveAgain,
        SolvedAgain,
        Standing,
        StartPlan,
        StreamHead,
        TellCollaborations,
        VettingResult,
    )
    from workflows.births import start_collaboration
    from workflows.questions import Beat, Interrupted, Question, Questions
    from workflows.recording import record
    from workflows.story import Story
    from workflows.stream import Stream
    from workflows.timeouts import RULE_QUICK, RULES

BATCH = 25
"""Collaborations started at once; keeps a workflow task short and continue-as-new near."""


@workflow.defn(name=CAMPAIGN_WORKFLOW)
class CampaignWorkflow(Story):
    """The life of a campaign. Who stands where is counted in PostgreSQL, not remembered here."""

    @workflow.init
    def __init__(self, campaign: CampaignInput) -> None:
        first = StreamHead(kind=StreamKind.CAMPAIGN, entity_id=campaign.campaign_id)
        state = campaign.state or CampaignState(head=first)
        stream = Stream(state.head)
        super().__init__(stream.head, Questions(stream), stream)
        self.campaign = campaign
        self.phase = state.phase
        self.digest = state.shortlist_digest
        self.batch = state.batch
        self.exhausted = state.exhausted
        self.paused = state.paused
        self.stopped = state.stopped
        self._shown = self.status
        self._untold = ""
        """What the collaborations have not been told yet: ``paused``, ``resumed``, ``stopped``."""
        self._news = True
        always = self._questions.accept_always
        always(DecisionKind.PAUSE_CAMPAIGN, lambda _: self._set_paused(True))
        always(DecisionKind.RESUME_CAMPAIGN, lambda _: self._set_paused(False))
        always(DecisionKind.STOP_CAMPAIGN, lambda _: self._set_stopped())

    @workflow.run
    async def run(self, campaign: CampaignInput) -> None:
        """From the roster to the report; continued as new between batches when it gets long."""
        with contextlib.suppress(Interrupted):
            if self.phase is CampaignStatus.VETTING:
                await self._shortlist()
            if self.phase is CampaignStatus.SHORTLISTED:
                await self._sign_off()
        while not self._over:
            with contextlib.suppress(Interrupted):
                await self._run_collaborations()
                await self._report()

    # --- who ----------------------------------------------------------------------------

    async def _shortlist(self) -> None:
        """Set the budget, vet and quote everybody in the roster, and propose the best set."""
        campaign = self.campaign.campaign_id
        await self._stream.append(
            "started",
            {"budget_minor": self.campaign.budget_minor},
            postings=(
                Posting(
                    kind=PostingKind.FUND,
                    key=f"fund:{campaign}",
                    amount_minor=self.campaign.budget_minor,
                ),
            ),
        )
        vetted: VettingResult = await self._step(
            "vetting", Vetting.vet_roster, campaign, Queue.VETTING, RULES
        )
        shortlist: ShortlistResult = await self._step(
            "shortlist", Vetting.solve_shortlist, campaign, Queue.VETTING, RULES
        )
        self.digest = shortlist.digest
        self.phase = CampaignStatus.SHORTLISTED
        self._shown = self.status
        await self._stream.append(
            "shortlisted",
            {
                "candidates": vetted.candidates,
                "suitable": vetted.suitable,
                "chosen": shortlist.chosen,
                "waitlisted": shortlist.waitlisted,
            },
            campaign=CampaignChange(status=self.status),
        )

    async def _sign_off(self) -> None:
        """The manager signs off exactly the list that was shown; or changes it, and looks again."""
        again = timedelta(seconds=self.campaign.remind_shortlist_seconds)
        while True:
            question = Question(
                ItemKind.SHORTLIST, seen=self.digest, beats=[Beat(again, self._remind, again)],
                also=(DecisionKind.RESOLVE_SHORTLIST,),
            )  # fmt: skip
            answer = await self._ask(question, "sign_off_asked")
            if answer is None or not isinstance(answer.choice, ResolveChoice):
                break
            await self._solve_again(answer.choice.content_id)
        self.phase = CampaignStatus.RUNNING

    async def _solve_again(self, change_id: str) -> None:
        """Propose the best set that the manager's pins and strikes leave."""
        asked = SolveAgain(campaign_id=self.campaign.campaign_id, change_id=change_id)
        solved: SolvedAgain = await self._step(
            "solve again", Vetting.resolve_shortlist, asked, Queue.VETTING, RULES
        )
        self.digest = solved.digest
        await self._stream.append("solved_again", solved.model_dump(exclude={"digest"}))

    async def _remind(self) -> None:
        await self._stream.append("staff_reminded", remind_items=(ItemKind.SHORTLIST,))

    # --- how many -----------------------------------------------------------------------

    async def _run_collaborations(self) -> None:
        """Keep invitations out until enough creators have signed; then wait for all to end."""
        while True:
            self._questions.go_on()  # a step that fails from here on waits for its person
            self._news = False
            if self.status is not self._shown:
                self._shown = self.status
                await self._stream.append(
                    self.status.value,
                    campaign=CampaignChange(status=self.status),
                    # Whom a stop has spared signing it off cannot do so any more.
                    close_items=(ItemKind.SHORTLIST,),
                )
            await self._tell_if_changed()
            standing = await self._standing()
            if self._may_start:
                await self._start(standing)
                standing = await self._standing()
            done = self.stopped or self.exhausted or standing.holding >= self.campaign.wanted
            if done and standing.open == 0 and standing.open_payouts == 0 and not self.paused:
                return
            if not self._news:
                await self._rest()
            if workflow.info().is_continue_as_new_suggested():
                await self._continue()

    @property
    def status(self) -> CampaignStatus:
        """What the lists show: a stop and a pause go before the phase."""
        if self.stopped:
            return CampaignStatus.STOPPING
        return CampaignStatus.PAUSED if self.paused else self.phase

    @property
    def _may_start(self) -> bool:
        return not (self.paused or self.stopped or self.exhausted)

    async def _standing(self) -> Standing:
        standing: Standing = await record(Campaigns.standing, self.campaign.campaign_id, "count")
        workflow.set_current_details(
            f"**{self.status.value}**: {standing.holding} of {self.campaign.wanted} hold, "
            f"{standing.undecided} undecided, {standing.open_payouts} payments open"
        )
        return standing

    async def _start(self, standing: Standing) -> None:
        """Start as many as are missing, within the window of unanswered invitations."""
        missing = self.campaign.wanted - standing.holding - standing.undecided
        room = self.campaign.window - standing.undecided
        while (count := min(missing, room, BATCH)) > 0 and self._may_start:
            plan: StartPlan = await self._step(
                "choose",
                Vetting.plan_starts,
                PlanStarts(campaign_id=self.campaign.campaign_id, batch=self.batch, count=count),
                Queue.VETTING,
                RULE_QUICK,
            )
            self.batch += 1
            for offer in plan.starts:
                await start_collaboration(offer)
            self.exhausted = plan.exhausted
            if not plan.starts:
                break  # the budget is promised to open offers; their end wakes us again
            missing -= len(plan.starts)
            room -= len(plan.starts)

    async def _rest(self) -> None:
        """Sleep until a collaboration has news; count anyway from time to time."""
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._news,
                timeout=timedelta(seconds=self.campaign.recount_seconds),
                timeout_summary="count again",
            )

    async def _continue(self) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._untold:
            return  # decided meanwhile: written and told first, or nobody would ever hear of it
        state = CampaignState(
            head=self._stream.head, phase=self.phase, shortlist_digest=self.digest,
            batch=self.batch, exhausted=self.exhausted, paused=self.paused, stopped=self.stopped,
        )  # fmt: skip
        workflow.continue_as_new(self.campaign.model_copy(update={"state": state}))

    async def _report(self) -> None:
        """Count what it brought, and end."""
        campaign = self.campaign.campaign_id
        digest: str = await self._step(
            "report", Vetting.write_report, campaign, Queue.VETTING, RULES
        )
        self._over = True
        final = CampaignStatus.STOPPED if self.stopped else CampaignStatus.COMPLETED
        await self._stream.append(
            "reported",
            {"report": digest},
            campaign=CampaignChange(status=final),
            close_all_items=True,
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    # --- pause and stop -----------------------------------------------------------------

    async def _park(self, question: Question, name: str, code: str) -> None:
        """See `Story`; a stop ends the wait, and what is to be done then is looked at anew.

        Raises:
            Interrupted: the campaign was stopped.
        """
        try:
            await super()._park(question, name, code)
        except Interrupted:
            await self._stream.append("step_dropped", {"step": name}, close_items=(question.item,))
            raise

    def _set_paused(self, paused: bool) -> None:
        if self.stopped or paused == self.paused:
            return
        self.paused = paused
        self._untold = "paused" if paused else "resumed"
        self._news = True

    def _set_stopped(self) -> None:
        self.stopped, self.paused = True, False
        self._untold = "stopped"
        self._news = True
        self._questions.interrupt()

    async def _tell_if_changed(self) -> None:
        news, self._untold = self._untold, ""
        if news:
            await self._step(
                f"tell {news}",
                Campaigns.tell_collaborations,
                TellCollaborations(campaign_id=self.campaign.campaign_id, news=news),
                Queue.VETTING,
                RULE_QUICK,
            )

    @workflow.signal(name=COLLABORATION_NEWS)
    def collaboration_news(self, news: CollaborationNews) -> None:
        """A collaboration has signed or ended: count again."""
        self._news = True
