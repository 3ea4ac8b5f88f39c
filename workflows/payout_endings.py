"""How a payment ends, in the books and in what the creator and the campaign hear of it."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.claims import Claims
    from domain.lifecycle import HoldReason, PayoutStatus
    from domain.mails import Mail
    from domain.messages import (
        CollaborationNews,
        Netting,
        NewsPhase,
        PayoutChange,
        PayoutInput,
        PlannedMail,
        Posting,
        PostingKind,
        TransferResult,
    )
    from workflows.payout_unpaid import PayoutUnpaid
    from workflows.recording import record


class PayoutEndings(PayoutUnpaid):
    """The ends of a payment: sent, kept back whole, made another way, or given up."""

    def __init__(self, payout: PayoutInput) -> None:
        super().__init__(payout)
        self.attempt = 0
        self._asked_to_set_up = False
        """The last attempt ended with a mail that asks for an account that can be paid."""

    @property
    def _to_send(self) -> int:
        return self.payout.amount_minor - self._netted

    async def _settle(self, result: TransferResult) -> None:
        """The money has moved: write it down and tell the creator."""
        sent = result.amount_minor or self._to_send
        remittance = self._mail(Mail.REMITTANCE, "remittance")
        self._over = True
        await self._stream.append(
            "transferred",
            {
                "attempt": self.attempt,
                "transfer_id": result.transfer_id or result.shared_transfer_id,
            },
            payout=PayoutChange(
                status=PayoutStatus.TRANSFERRED,
                transfer_id=result.transfer_id or None,
                shared_transfer_id=result.shared_transfer_id or None,
                clear_hold=True,
                netted_minor=None if sent == self._to_send else self.payout.amount_minor - sent,
            ),
            postings=self._as_sent(sent),
            netting=Netting.BOOK if self._netted else None,
            close_all_items=True,
            mails=(remittance,),
        )
        await self._paid(remittance)

    def _as_sent(self, sent_minor: int) -> tuple[Posting, ...]:
        """The postings of what was sent, which may be more than the last release let go.

        An attempt was given up for certain, the payment was released anew with something (more)
        kept back, and then the attempt's transfer turned up all the same.
        """
        settled = self._move(PostingKind.SETTLE)
        if sent_minor == self._to_send:
            return (settled,)
        late = self._move(PostingKind.SEND)
        return (
            self._move(PostingKind.RETURN),
            late.model_copy(update={"key": f"{late.key}:late", "amount_minor": sent_minor}),
            settled.model_copy(update={"amount_minor": sent_minor}),
        )

    async def _settle_unsent(self) -> None:
        """The creator owed as much as this: nothing is sent, and both are settled by it."""
        remittance = self._mail(Mail.REMITTANCE, "remittance")
        self._over = True
        await self._stream.append(
            "netted",
            payout=PayoutChange(status=PayoutStatus.NETTED, clear_hold=True),
            netting=Netting.BOOK,
            close_all_items=True,
            mails=(remittance,),
        )
        await self._paid(remittance)

    async def _settle_elsewhere(self, content_id: str) -> None:
        """People have paid it without Troupe: what is owed is settled, and nothing is sent."""
        told = self._mail(Mail.PAID_ELSEWHERE, "paid_elsewhere")
        self._over = True
        await self._stream.append(
            "paid_elsewhere",
            payout=PayoutChange(
                status=PayoutStatus.ELSEWHERE, other_payment_id=content_id, clear_hold=True
            ),
            postings=(self._move(PostingKind.ELSEWHERE),),
            netting=Netting.BOOK if self._netted else None,
            close_all_items=True,
            mails=(told,),
        )
        await self._paid(told)

    async def _paid(self, remittance: PlannedMail) -> None:
        await self._send_mail(remittance)
        if self._netted:
            await self._tell_claims()
        await self._tell_campaign(
            CollaborationNews(
                campaign_id=self.payout.campaign_id,
                collaboration_id=self.payout.collaboration_id,
                phase=NewsPhase.PAID,
            )
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _tell_claims(self) -> None:
        await record(Claims.tell_claims, self.payout.payout_id, "tell claims")

    async def _give_up(self) -> None:
        """It is not paid: the budget has it back. A creator who was told of it is told this too.

        Of a bonus creators hear when it is released, and no sooner.
        """
        granted = self.payout.granted
        mails = self._why_not()
        self._over = True
        await self._stream.append(
            "withdrawn" if granted else "not_owed",
            payout=PayoutChange(status=PayoutStatus.CANCELLED, clear_hold=True),
            postings=(self._forfeit(),),
            netting=Netting.GIVE_BACK if self._netted else None,
            close_all_items=True,
            mails=mails,
        )
        for told in mails:
            await self._send_mail(told)
        # Nobody owes back what was never earned: a claim may be less by it.
        await self._tell_claims()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _tell_creator(self, reason: HoldReason) -> None:
        """Whose account is gone is asked for another one; of a bonus only once it is released."""
        knows = self.payout.granted or self._asked_to_set_up
        if reason is not HoldReason.ACCOUNT_GONE or knows:
            return
        told = self._mail(Mail.PAYOUT_SETUP, "account_gone")
        await self._stream.append("account_gone", mails=(told,))
        await self._send_mail(told)

    def _why_not(self) -> tuple[PlannedMail, ...]:
        if self.payout.on_hold is HoldReason.TAKEN_BACK:
            return (self._mail(Mail.NOT_REPAID, "not_repaid"),)
        if self.payout.granted and not self.attempt:
            return ()
        return (self._mail(Mail.NOT_OWED, "not_owed"),)

    def _move(self, kind: PostingKind) -> Posting:
        key = f"{kind.value}:{self.payout.payout_id}:{self.attempt}"
        return Posting(kind=kind, key=key, amount_minor=self._to_send)

    def _forfeit(self) -> Posting:
        """All of it: what was kept back is given back by the same event."""
        kind = PostingKind.FORFEIT
        key = f"{kind.value}:{self.payout.payout_id}:{self.attempt}"
        return Posting(kind=kind, key=key, amount_minor=self.payout.amount_minor)

    def _mail(self, mail: Mail, step: str, **facts: str) -> PlannedMail:
        name = f"{step}:{self.payout.payout_id}"
        return PlannedMail.of(
            self.payout.collaboration_id, mail, name, payout_id=self.payout.payout_id,
            amount_minor=self.payout.amount_minor, **facts,
        )  # fmt: skip
