"""What people decide: a row first, then an update that carries only the row's id."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.lifecycle import Role
from domain.money import MAX_MINOR


class DecisionKind(StrEnum):
    """Every decision that a person can take."""

    # staff, on a campaign
    SIGN_OFF_SHORTLIST = "sign_off_shortlist"
    RESOLVE_SHORTLIST = "resolve_shortlist"  # pin, strike or swap, and solve again
    PAUSE_CAMPAIGN = "pause_campaign"
    RESUME_CAMPAIGN = "resume_campaign"
    STOP_CAMPAIGN = "stop_campaign"
    # staff, on a collaboration
    CONFIRM_CONTACT = "confirm_contact"  # the message was sent by hand
    JUDGE_SCREENING = "judge_screening"
    JUDGE_SCANDAL = "judge_scandal"
    ANSWER_COUNTER = "answer_counter"
    REVIEW_DRAFT = "review_draft"
    JUDGE_PUBLICATION = "judge_publication"
    DECIDE_HEARING = "decide_hearing"
    DECIDE_KILL_FEE = "decide_kill_fee"
    CANCEL_COLLABORATION = "cancel_collaboration"
    SUSPEND_COLLABORATION = "suspend_collaboration"
    RESUME_COLLABORATION = "resume_collaboration"
    RETRY_STEP = "retry_step"
    GRANT_BONUS = "grant_bonus"  # more than was agreed: a payment of its own
    CLAIM_BACK = "claim_back"  # something of what was paid is owed back: a claim
    # staff, on a payout
    RELEASE_PAYOUT = "release_payout"
    HOLD_PAYOUT = "hold_payout"
    RESUME_PAYOUT = "resume_payout"
    CANCEL_PAYOUT = "cancel_payout"  # not owed: taken back, cannot be paid, or a bonus withdrawn
    RETRY_PAYOUT = "retry_payout"  # it could not be paid: try again
    SETTLE_PAYOUT = "settle_payout"  # it could not be paid by Troupe, and was paid another way
    # staff, on a claim
    DECIDE_CLAIM = "decide_claim"  # does it stand, now that the creator was heard?
    WAIVE_CLAIM = "waive_claim"
    BOOK_REPAYMENT = "book_repayment"  # the creator has sent money to the brand
    # creators, on their collaboration, and OBJECT on a claim too
    ANSWER_OFFER = "answer_offer"
    SIGN_TERMS = "sign_terms"
    SUBMIT_DRAFT = "submit_draft"
    REPORT_PUBLICATION = "report_publication"
    OBJECT = "object"
    WITHDRAW = "withdraw"
    OPT_OUT = "opt_out"


CREATOR_DECISIONS = frozenset(
    {
        DecisionKind.ANSWER_OFFER,
        DecisionKind.SIGN_TERMS,
        DecisionKind.SUBMIT_DRAFT,
        DecisionKind.REPORT_PUBLICATION,
        DecisionKind.OBJECT,
        DecisionKind.WITHDRAW,
        DecisionKind.OPT_OUT,
    }
)

SAID_AT_THE_END = frozenset({DecisionKind.CANCEL_COLLABORATION, DecisionKind.DECIDE_KILL_FEE})
"""Decisions whose reasons the creator of a cancelled collaboration reads, word for word."""

ROLE_FOR: dict[DecisionKind, Role] = {
    DecisionKind.SIGN_OFF_SHORTLIST: Role.MANAGER,
    DecisionKind.RESOLVE_SHORTLIST: Role.MANAGER,
    DecisionKind.PAUSE_CAMPAIGN: Role.MANAGER,
    DecisionKind.RESUME_CAMPAIGN: Role.MANAGER,
    DecisionKind.STOP_CAMPAIGN: Role.MANAGER,
    DecisionKind.CONFIRM_CONTACT: Role.MANAGER,
    DecisionKind.JUDGE_SCREENING: Role.REVIEWER,
    DecisionKind.JUDGE_SCANDAL: Role.MANAGER,
    DecisionKind.ANSWER_COUNTER: Role.MANAGER,
    DecisionKind.REVIEW_DRAFT: Role.REVIEWER,
    DecisionKind.JUDGE_PUBLICATION: Role.REVIEWER,
    DecisionKind.DECIDE_HEARING: Role.MANAGER,
    DecisionKind.DECIDE_KILL_FEE: Role.MANAGER,
    DecisionKind.CANCEL_COLLABORATION: Role.MANAGER,
    DecisionKind.SUSPEND_COLLABORATION: Role.MANAGER,
    DecisionKind.RESUME_COLLABORATION: Role.MANAGER,
    DecisionKind.RETRY_STEP: Role.OPERATOR,
    DecisionKind.GRANT_BONUS: Role.FINANCE,
    DecisionKind.CLAIM_BACK: Role.FINANCE,
    DecisionKind.DECIDE_CLAIM: Role.FINANCE,
    DecisionKind.WAIVE_CLAIM: Role.FINANCE,
    DecisionKind.BOOK_REPAYMENT: Role.FINANCE,
    DecisionKind.RELEASE_PAYOUT: Role.FINANCE,
    DecisionKind.HOLD_PAYOUT: Role.FINANCE,
    DecisionKind.RESUME_PAYOUT: Role.FINANCE,
    DecisionKind.CANCEL_PAYOUT: Role.FINANCE,
    DecisionKind.RETRY_PAYOUT: Role.FINANCE,
    DecisionKind.SETTLE_PAYOUT: Role.FINANCE,
}
"""The role that a member of staff needs; checked on the page and again when it is applied."""

ALSO_FOR: dict[DecisionKind, frozenset[Role]] = {
    DecisionKind.HOLD_PAYOUT: frozenset({Role.MANAGER}),
    DecisionKind.RESUME_PAYOUT: frozenset({Role.MANAGER}),
    DecisionKind.GRANT_BONUS: frozenset({Role.MANAGER}),
    DecisionKind.CLAIM_BACK: frozenset({Role.MANAGER}),
}
"""Further roles that may: nothing of this releases any money."""


def roles_for(kind: DecisionKind) -> frozenset[Role]:
    """The roles of which a member of staff needs one."""
    return frozenset({ROLE_FOR[kind]}) | ALSO_FOR.get(kind, frozenset())


NEEDS_COMMENT = frozenset(
    "changes reject clear block withhold faulty refuse hold keep suspend cancel drop".split()
)
"""Answers that need a reason: the other side reads it, or it is remembered for next time."""


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlainChoice(_Choice):
    """A decision that is its own answer: sign off, pause, retry, object or withdraw."""

    kind: Literal[
        DecisionKind.SIGN_OFF_SHORTLIST, DecisionKind.PAUSE_CAMPAIGN, DecisionKind.RESUME_CAMPAIGN,
        DecisionKind.STOP_CAMPAIGN, DecisionKind.CONFIRM_CONTACT, DecisionKind.CANCEL_COLLABORATION,
        DecisionKind.SUSPEND_COLLABORATION, DecisionKind.RESUME_COLLABORATION,
        DecisionKind.RETRY_STEP, DecisionKind.WITHDRAW, DecisionKind.OPT_OUT,
        DecisionKind.HOLD_PAYOUT, DecisionKind.RESUME_PAYOUT, DecisionKind.CANCEL_PAYOUT,
        DecisionKind.RETRY_PAYOUT, DecisionKind.WAIVE_CLAIM,
    ]  # fmt: skip


class ResolveChoice(_Choice):
    """Solve the shortlist again: ``content_id`` names the rows with who, what and why."""

    kind: Literal[DecisionKind.RESOLVE_SHORTLIST] = DecisionKind.RESOLVE_SHORTLIST
    content_id: Annotated[str, Field(min_length=1)]


class ScreeningChoice(_Choice):
    """A reviewer's word on a creator whom brand safety could not clear."""

    kind: Literal[DecisionKind.JUDGE_SCREENING] = DecisionKind.JUDGE_SCREENING
    answer: Literal["clear", "block"]


class ScandalChoice(_Choice):
    """A manager's word on what brand safety found after the selection."""

    kind: Literal[DecisionKind.JUDGE_SCANDAL] = DecisionKind.JUDGE_SCANDAL
    answer: Literal["keep", "suspend", "cancel"]


class OfferChoice(_Choice):
    """The creator's answer to the offered fee."""

    kind: Literal[DecisionKind.ANSWER_OFFER] = DecisionKind.ANSWER_OFFER
    answer: Literal["interested", "no", "counter"]
    amount_minor: Annotated[int, Field(ge=0, le=MAX_MINOR)] = 0
    """The fee asked for with ``counter``, in the campaign's currency."""


class CounterChoice(_Choice):
    """The manager's answer to a counter-offer above what is accepted at once."""

    kind: Literal[DecisionKind.ANSWER_COUNTER] = DecisionKind.ANSWER_COUNTER
    answer: Literal["accept", "refuse", "offer"]
    amount_minor: Annotated[int, Field(ge=0, le=MAX_MINOR)] = 0


class TermsChoice(_Choice):
    """The creator's answer to the terms; ``content_id`` is the row with the typed name."""

    kind: Literal[DecisionKind.SIGN_TERMS] = DecisionKind.SIGN_TERMS
    answer: Literal["sign", "decline"]
    content_id: str = ""


class DraftChoice(_Choice):
    """A submitted draft: the id of its row."""

    kind: Literal[DecisionKind.SUBMIT_DRAFT] = DecisionKind.SUBMIT_DRAFT
    content_id: str


class ReviewChoice(_Choice):
    """The reviewer's word on one version; the reason stands in the decision's comment."""

    kind: Literal[DecisionKind.REVIEW_DRAFT] = DecisionKind.REVIEW_DRAFT
    answer: Literal["approve", "changes", "reject"]


class PublicationChoice(_Choice):
    """The creator reports where the post is: the id of the publication's row."""

    kind: Literal[DecisionKind.REPORT_PUBLICATION] = DecisionKind.REPORT_PUBLICATION
    content_id: str


class PublicationJudgement(_Choice):
    """A reviewer's word where the engine cannot tell."""

    kind: Literal[DecisionKind.JUDGE_PUBLICATION] = DecisionKind.JUDGE_PUBLICATION
    answer: Literal["verified", "faulty"]


class Objection(_Choice):
    """The creator's statement in a hearing: the id of its row."""

    kind: Literal[DecisionKind.OBJECT] = DecisionKind.OBJECT
    content_id: str


class HearingChoice(_Choice):
    """The manager's word after the creator was heard."""

    kind: Literal[DecisionKind.DECIDE_HEARING] = DecisionKind.DECIDE_HEARING
    answer: Literal["withhold", "pay"]


class KillFeeChoice(_Choice):
    """What a stopped creator is paid for the work begun, in percent of what is still open."""

    kind: Literal[DecisionKind.DECIDE_KILL_FEE] = DecisionKind.DECIDE_KILL_FEE
    percent: Annotated[int, Field(ge=0, le=100)]


class BonusChoice(_Choice):
    """What a creator gets beyond the fee; the reason stands in the decision's comment."""

    kind: Literal[DecisionKind.GRANT_BONUS] = DecisionKind.GRANT_BONUS
    amount_minor: Annotated[int, Field(gt=0, le=MAX_MINOR)]


class ReleaseChoice(_Choice):
    """Money may go to the account, and less what is kept back, that the person saw."""

    kind: Literal[DecisionKind.RELEASE_PAYOUT] = DecisionKind.RELEASE_PAYOUT
    netted_minor: Annotated[int, Field(ge=0, le=MAX_MINOR)] = 0
    """What the release keeps back in all for what the creator owes, in the smallest unit."""
    account: Annotated[str, Field(max_length=64)] = ""
    """`domain.payees.account_digest` of the account; empty: the creator has none yet."""


class SettleChoice(_Choice):
    """The payment was made without Troupe; why stands in the decision's comment."""

    kind: Literal[DecisionKind.SETTLE_PAYOUT] = DecisionKind.SETTLE_PAYOUT
    answer: Literal["elsewhere", "adopt"]
    """``adopt``: by the transfer that somebody made by hand in its group at the provider."""
    content_id: str = ""
    """With ``elsewhere``: the row that says when, and under which reference."""


class ClaimChoice(_Choice):
    """What a creator is to give back; the reason stands in the decision's comment."""

    kind: Literal[DecisionKind.CLAIM_BACK] = DecisionKind.CLAIM_BACK
    amount_minor: Annotated[int, Field(gt=0, le=MAX_MINOR)]


class ClaimVerdict(_Choice):
    """A second person's word on a claim, after the creator was heard."""

    kind: Literal[DecisionKind.DECIDE_CLAIM] = DecisionKind.DECIDE_CLAIM
    answer: Literal["confirm", "drop"]


class RepaymentChoice(_Choice):
    """What the creator has sent to the brand; how it is known stands in the comment."""

    kind: Literal[DecisionKind.BOOK_REPAYMENT] = DecisionKind.BOOK_REPAYMENT
    amount_minor: Annotated[int, Field(gt=0, le=MAX_MINOR)]


Choice = Annotated[
    PlainChoice
    | ResolveChoice
    | ScreeningChoice
    | ScandalChoice
    | OfferChoice
    | CounterChoice
    | TermsChoice
    | DraftChoice
    | ReviewChoice
    | PublicationChoice
    | PublicationJudgement
    | Objection
    | HearingChoice
    | KillFeeChoice
    | BonusChoice
    | ReleaseChoice
    | SettleChoice
    | ClaimChoice
    | ClaimVerdict
    | RepaymentChoice,
    Field(discriminator="kind"),
]
"""What was decided: ids, numbers and enums only, so that it may stand in a history."""
