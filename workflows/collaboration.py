"""One creator in one campaign, from the first mail to the last look at the post."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.documents import Documents
    from activities.vetting import Vetting
    from domain.campaign import MilestoneKind
    from domain.decisions import (
        CounterChoice,
        DraftChoice,
        KillFeeChoice,
        OfferChoice,
        ReviewChoice,
        ScreeningChoice,
        TermsChoice,
    )
    from domain.inbox import ItemKind
    from domain.lifecycle import Outcome, SafetyVerdict, Stage, WaitingFor
    from domain.mails import Mail
    from domain.messages import (
        COLLABORATION_WORKFLOW,
        CollaborationChange,
        CollaborationInput,
        CollaborationResult,
        NewsPhase,
        Posting,
        PostingKind,
        Queue,
        Screening,
        TermsReady,
        TermsRequest,
    )
    from domain.money import whole_units
    from domain.payments import KILL_FEE
    from domain.sending_hours import next_moment
    from workflows.collaboration_base import Ended
    from workflows.publication_watch import PublicationWatch
    from workflows.questions import Interrupted, Question, Stop
    from workflows.recording import record
    from workflows.timeouts import RULE_QUICK, Facts


@workflow.defn(name=COLLABORATION_WORKFLOW)
class CollaborationWorkflow(PublicationWatch):
    """The life of a collaboration; `_live` reads like the table in docs/architecture.md."""

    @workflow.init
    def __init__(self, offer: CollaborationInput) -> None:
        super().__init__(offer)

    @workflow.run
    async def run(self, offer: CollaborationInput) -> CollaborationResult:
        """Live through the stages; whatever ends them early is settled and told to everybody."""
        told: Facts = {}
        try:
            await self._live()
            end = Ended(Outcome.COMPLETED, "completed", Mail.COMPLETED)
        except Ended as ended:
            end = ended
        except Interrupted:
            end = self.leaving or Ended(Outcome.CANCELLED, "cancelled")
            if end.outcome is Outcome.CANCELLED and self.signed:
                told = await self._settle_kill_fee()
        await self._close(end, told)
        return CollaborationResult(outcome=end.outcome)

    async def _live(self) -> None:
        await self._screen()
        await self._agree_fee()
        await self._sign()
        digest = await self._create()
        await self._look_again()
        await self._publish(digest)
        await self._retain()

    # --- before signing -----------------------------------------------------------------

    async def _screen(self) -> None:
        """Brand safety once more, just before the first mail; a person decides where it can't."""
        screening: Screening = await self._step(
            "screening", Vetting.recheck_creator, self.offer.collaboration_id,
            Queue.VETTING, RULE_QUICK,
        )  # fmt: skip
        if screening.verdict is SafetyVerdict.BLOCKED:
            raise Ended(Outcome.UNSUITABLE, "blocked")
        if screening.verdict is SafetyVerdict.CLEAR:
            return
        review = self.policy.review
        question = Question(
            ItemKind.SCREENING, seen=screening.digest, code=screening.verdict.value,
            within=review.remind_after + review.escalate_after,
        )  # fmt: skip
        self._nudges(question, review.remind_after, None)
        answer = await self._ask(question, "screening_asked", {"verdict": screening.verdict.value})
        choice = answer.choice if answer else None
        if not (isinstance(choice, ScreeningChoice) and choice.answer == "clear"):
            raise Ended(Outcome.UNSUITABLE, "not_cleared" if answer else "nobody_reviewed")

    async def _agree_fee(self) -> None:
        """Ask for interest and settle the fee, in a fixed number of rounds."""
        self._enter(Stage.INVITING)
        outreach = self.policy.outreach
        collaboration = self.offer.collaboration_id
        await self._sleep_until(
            next_moment(workflow.now(), self.offer.zone, outreach, collaboration)
        )
        await self._nothing_to_judge()
        mail = self._plan(Mail.INVITATION, "invitation")
        if not self.offer.has_address:
            await self._contact_by_hand(mail.step)
        turn = 0
        while True:
            question = Question(
                ItemKind.OFFER, seen=f"{turn}:{self.fee_minor}", within=outreach.reply_within
            )
            answer = await self._ask_creator(
                question, "offered", mail, reminder=Mail.INVITATION_REMINDER,
                remind_after=outreach.remind_after,
                data={"fee_minor": self.fee_minor, "round": turn},
                collaboration=self._change(WaitingFor.CREATOR, fee_minor=self.fee_minor),
            )  # fmt: skip
            choice = answer.choice if answer else None
            if not isinstance(choice, OfferChoice):
                raise Ended(Outcome.DECLINED, "silence")
            if choice.answer == "no":
                raise Ended(Outcome.DECLINED, "no")
            if choice.answer == "interested" or choice.amount_minor <= self.fee_minor:
                return
            if await self._settle_counter(choice.amount_minor, turn):
                return
            turn += 1
            mail = self._plan(Mail.OFFER_CHANGED, f"offer:{turn}")

    async def _contact_by_hand(self, step: str) -> None:
        """No address: a manager sends the prepared message and says so."""
        question = Question(ItemKind.CONTACT, within=self.policy.outreach.reply_within)
        if await self._ask(question, "contact_asked", {"step": step}) is None:
            raise Ended(Outcome.UNREACHABLE, "not_contacted")

    async def _settle_counter(self, asked_minor: int, turn: int) -> bool:
        """Answer a counter-offer; True if the fee is agreed, False if the creator is asked again.

        Raises:
            Ended: no agreement.
        """
        self._enter(Stage.NEGOTIATING)
        rules = self.policy.negotiation
        at_once = self.offer.fee_minor * rules.accept_up_to_percent // 100
        if asked_minor <= min(at_once, self.policy.ceiling_minor):
            self.fee_minor = asked_minor
            return True
        if turn >= rules.rounds:
            raise Ended(Outcome.DECLINED, "no_agreement", Mail.ENDED)
        question = Question(
            ItemKind.COUNTER, seen=f"{turn}:{asked_minor}", code=str(asked_minor),
            within=rules.answer_within,
        )  # fmt: skip
        self._nudges(question, rules.answer_within / 2, None)
        answer = await self._ask(question, "countered", {"asked_minor": asked_minor})
        choice = answer.choice if answer else None
        if not isinstance(choice, CounterChoice):
            raise Ended(Outcome.DECLINED, "no_agreement", Mail.ENDED)
        if choice.answer == "accept":
            self.fee_minor = asked_minor
            return True
        if choice.answer == "offer":
            self.fee_minor = min(choice.amount_minor, self.policy.ceiling_minor)
        return False

    async def _sign(self) -> None:
        """Reserve the budget, offer the terms, have them signed."""
        self._enter(Stage.CONTRACTING)
        collaboration = self.offer.collaboration_id
        reserve = Posting(
            kind=PostingKind.RESERVE, key=f"reserve:{collaboration}", amount_minor=self.fee_minor
        )
        agreed = self._change(WaitingFor.ENGINE, fee_minor=self.fee_minor)
        data: dict[str, str | int | bool | None] = {"fee_minor": self.fee_minor}
        postings = (reserve,) if self.fee_minor else ()
        if await self._stream.append("terms_agreed", data, collaboration=agreed, postings=postings):
            raise Ended(Outcome.WAITLISTED, "over_budget", Mail.ENDED)
        self.reserved_minor = self.fee_minor
        terms: TermsReady = await record(
            Documents.render_terms,
            TermsRequest(collaboration_id=collaboration, version=1, fee_minor=self.fee_minor),
            "render terms",
        )
        rules = self.policy.contract
        answer = await self._ask_creator(
            Question(ItemKind.TERMS, seen=terms.digest, within=rules.sign_within),
            "terms_offered",
            self._plan(Mail.TERMS, "terms"),
            reminder=Mail.TERMS_REMINDER,
            remind_after=rules.remind_after,
        )
        choice = answer.choice if answer else None
        if not (isinstance(choice, TermsChoice) and choice.answer == "sign"):
            raise Ended(Outcome.DECLINED, "not_signed" if answer is None else "no")
        self.signed = True
        self._enter(Stage.DRAFTING)
        await self._reach(
            "signed",
            self._milestone(MilestoneKind.CONTRACT_SIGNED),
            collaboration=self._change(WaitingFor.CREATOR),
        )
        await self._tell(NewsPhase.SIGNED)

    # --- content ------------------------------------------------------------------------

    async def _create(self) -> str:
        """Versions 1, 2, 3… until one is approved; gives the approved version's digest."""
        rules = self.policy.drafting
        mail = self._plan(Mail.BRIEF, "brief")
        for version in range(1, rules.rounds + 1):
            self._enter(Stage.DRAFTING)
            submitted = await self._ask_creator(
                Question(ItemKind.SUBMIT, seen=str(version), within=rules.submit_within),
                "draft_asked", mail, reminder=Mail.DRAFT_REMINDER,
                remind_after=rules.remind_after, data={"version": version},
            )  # fmt: skip
            if submitted is None or not isinstance(submitted.choice, DraftChoice):
                raise Ended(Outcome.BREACHED, "no_draft", Mail.ENDED)
            digest = submitted.seen_digest
            answer = await self._review(digest, version)
            if answer == "approve":
                await self._reach(
                    "draft_approved",
                    self._milestone(MilestoneKind.DRAFT_APPROVED),
                    collaboration=self._change(WaitingFor.ENGINE),
                )
                return digest
            if answer == "reject":
                break
            mail = self._plan(Mail.CHANGES_ASKED, f"changes:{version}", version=version)
        raise Ended(Outcome.REJECTED, "rejected", Mail.ENDED)

    async def _review(self, digest: str, version: int) -> str:
        """The reviewer's word, bound to the version's digest; silence never approves by itself."""
        self._enter(Stage.REVIEWING)
        rules = self.policy.review
        question = Question(ItemKind.DRAFT, seen=digest)
        if rules.on_silence == "approve":
            question.within = rules.approve_after
        self._nudges(question, rules.remind_after, rules.escalate_after)
        if self.policy.review_has_substitute:
            self._hands_over(question, rules.substitute_after)
        answer = await self._ask(question, "review_asked", {"version": version})
        if answer is None:
            return "approve"
        return answer.choice.answer if isinstance(answer.choice, ReviewChoice) else "changes"

    # --- the end ------------------------------------------------------------------------

    async def _settle_kill_fee(self) -> Facts:
        """The brand stopped after signing: a person says what the work begun is worth.

        Gives what the creator is told of it.
        """
        await self._nobody_judges()
        self._questions.go_on()
        self._questions.start_clock(*Stop)  # an end lifts them: what is decided now is earned now
        if not self.reserved_minor:
            return {}
        rules = self.policy.review
        question = self._nudges(
            Question(ItemKind.KILL_FEE, seen=str(self.reserved_minor)),
            rules.remind_after, rules.escalate_after, again=True,
        )  # fmt: skip
        answer = await self._ask(
            question, "kill_fee_asked", {"open_minor": self.reserved_minor}, close_all_items=True
        )
        choice = answer.choice if answer else None
        percent = choice.percent if isinstance(choice, KillFeeChoice) else 0
        amount = whole_units(self.reserved_minor * percent // 100, self.policy.currency)
        told: Facts = {"percent": percent if amount else 0}
        if amount:
            within = max(each.pay_within for each in self.policy.milestones)
            earned = self._earned(KILL_FEE, amount, within)
            await self._reach("kill_fee_earned", earned)
            told["payout_id"] = earned.row.payout_id
        return told

    async def _close(self, end: Ended, told: Facts) -> None:
        """Free what is left of the budget, close what is open, tell creator and campaign."""
        self._over = True
        self.stage = Stage.CLOSED
        mails = (self._plan(end.mail, "ended", reason=end.reason, **told),) if end.mail else ()
        postings: tuple[Posting, ...] = ()
        if self.reserved_minor:
            free = f"free:{self.offer.collaboration_id}"
            postings = (Posting(kind=PostingKind.FREE, key=free, amount_minor=self.reserved_minor),)
        await self._stream.append(
            "ended",
            {"outcome": end.outcome.value, "reason": end.reason},
            collaboration=CollaborationChange(
                stage=Stage.CLOSED, outcome=end.outcome, waiting_for=WaitingFor.NOBODY,
                clear_due=True, needs_attention=False,
            ),
            close_all_items=True, mails=mails, postings=postings,
        )  # fmt: skip
        self.reserved_minor = 0
        self._questions.go_on()  # from here on a step that fails waits for its person
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._payouts_suspended:
            # Nobody could lift it any more: what is still to be held is put on hold by itself.
            lifted = CollaborationChange(suspended=False)
            await self._stream.append("suspension_lifted", collaboration=lifted)
            await self._suspend_payouts(False)
        for mail in mails:
            await self._send_mail(mail)
        await self._tell(NewsPhase.ENDED, end.outcome)
        await workflow.wait_condition(workflow.all_handlers_finished)
