"""What one creator's money did until a moment, through all campaigns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.creator_account import CreatorLine
from domain.errors import NotFound
from domain.invoicing import RULES
from domain.ledger_causes import Decided, Movement, attempt_of, cause, claim_of
from domain.messages import PostingKind
from store.accounts import IN_TRANSIT, PAID, PAYABLE, RECEIVABLE, RESERVED, Balances
from store.invoice_sums import OF_PAYMENT, credited_invoices, vat_credited_by, vat_of
from store.ledger_causes import decided_of_creator
from store.ledger_clock import wait_for_writers
from store.ledger_reports import PAYMENT_OF, sums
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    CreditNote,
    Invoice,
    LedgerAccount,
    LedgerTransaction,
    Payout,
)

OWN = (RESERVED, PAYABLE, IN_TRANSIT, PAID, RECEIVABLE)
"""Accounts on which a creator's money lies, in the order in which it goes through them."""

# A movement is a creator's through the collaboration; the campaign is named for its index.
_OF_COLLABORATION = and_(
    LedgerTransaction.campaign_id == Collaboration.campaign_id,
    LedgerTransaction.collaboration_id == Collaboration.id,
)


_CAME_BACK = LedgerTransaction.kind == PostingKind.RECOVER.value
"""Money of a claim: it belongs to no payment, but makes invoices less."""


@dataclass(frozen=True)
class CreatorStatement:
    """A creator's movements up to a moment, oldest first, and what they come to."""

    creator: Creator
    at: datetime
    lines: tuple[CreatorLine, ...]
    balances: tuple[Balances, ...]
    """Of the accounts in `OWN`, by currency."""


async def find_creator(session: AsyncSession, named: str) -> Creator:
    """A creator by id, by the beginning of it, by handle, or by platform and handle.

    Args:
        session: a transaction.
        named: like ``crt_1f``, ``@mara`` or ``instagram/@mara``.

    Raises:
        NotFound: none, or more than one.
    """
    platform, _, rest = named.rpartition("/")
    key = rest.strip().removeprefix("@").casefold()
    query = select(Creator).order_by(Creator.platform, Creator.id).limit(10)
    by_handle = Creator.handle_key == key
    if platform:
        query = query.where(by_handle, Creator.platform == platform.strip().lower())
    else:
        query = query.where(by_handle | Creator.id.startswith(named, autoescape=True))
    found = (await session.scalars(query)).all() if key else []
    exact = [row for row in found if row.id == named]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if found:
        names = ", ".join(f"{row.platform}/@{row.handle_key}" for row in found)
        raise NotFound(f"more than one creator is called '{named}'", hint=f"choose one of {names}")
    raise NotFound(
        f"there is no creator '{named}'",
        hint="write the id, @handle, or platform/@handle, as the desk's list of creators has it",
    )


async def creator_statement(
    session: AsyncSession, creator: Creator, at: datetime
) -> CreatorStatement:
    """What a creator's money did until a moment; four statements."""
    await wait_for_writers(session)
    country = Campaign.file["brand"]["country"].astext
    key, vat = LedgerTransaction.key, vat_of(LedgerTransaction.amount_minor, _start())
    rows = await session.execute(
        select(
            LedgerTransaction,
            Campaign.name,
            func.coalesce(Payout.id, ""),
            func.coalesce(Payout.kind, ""),
            case((_CAME_BACK, credited_invoices(key)), else_=func.coalesce(Invoice.number, "")),
            case((_CAME_BACK, vat_credited_by(key)), else_=func.coalesce(vat, 0)),
            func.coalesce(CreditNote.number, ""),
            country.in_(list(RULES)),
        )
        .join(Collaboration, _OF_COLLABORATION)
        .join(Campaign, Campaign.id == LedgerTransaction.campaign_id)
        .outerjoin(Payout, Payout.id == PAYMENT_OF)
        .outerjoin(Invoice, OF_PAYMENT & (Invoice.created_at <= at))
        .outerjoin(CreditNote, (CreditNote.credit_id == Payout.id) & (CreditNote.created_at <= at))
        .where(Collaboration.creator_id == creator.id, LedgerTransaction.at <= at)
        .order_by(LedgerTransaction.at, LedgerTransaction.id)
    )
    decided = await decided_of_creator(session, creator.id, at)
    lines = tuple(_with_cause(_line(*row), row[0].key, decided) for row in rows)
    held = await session.execute(
        sums()
        .join(Collaboration, _OF_COLLABORATION)
        .where(
            Collaboration.creator_id == creator.id,
            LedgerTransaction.at <= at,
            LedgerAccount.name.in_(OWN),
        )
    )
    return CreatorStatement(creator, at, lines, Balances.by_currency(held))


def _start() -> ColumnElement[int]:
    """Where in the invoice a movement lies: what is taken back, at the end of what was left."""
    taken = LedgerTransaction.kind == PostingKind.TAKE_BACK.value
    back = func.sum(case((taken, LedgerTransaction.amount_minor), else_=0)).over(
        partition_by=Payout.id, order_by=LedgerTransaction.id
    )
    at_the_end = Payout.share_from + Payout.amount_minor - back
    return case((taken, at_the_end), else_=Payout.share_from)


def _line(
    movement: LedgerTransaction,
    campaign: str,
    payout: str,
    milestone: str,
    invoice: str,
    vat: int,
    credit_note: str,
    asked: bool,
) -> CreatorLine:
    return CreatorLine(
        at=movement.at,
        kind=PostingKind(movement.kind),
        amount_minor=movement.amount_minor,
        currency=movement.currency,
        campaign_id=movement.campaign_id or "",
        campaign=campaign,
        collaboration_id=movement.collaboration_id or "",
        payout_id=payout,
        milestone=milestone,
        invoice=invoice,
        vat_minor=vat,
        credit_note=credit_note,
        asked=asked,
    )


def _with_cause(line: CreatorLine, key: str, decided: Decided) -> CreatorLine:
    moved = Movement(
        line.kind, line.at, line.collaboration_id, line.payout_id, line.milestone,
        claim_of(line.kind, key), attempt_of(line.kind, key),
    )  # fmt: skip
    return replace(line, cause=cause(moved, decided))
