"""`troupe claims`: money that creators owe back, asked for and decided by named people."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus
from domain.inbox import ItemKind
from domain.lifecycle import Role
from store.tables import Collaboration, Payout, Staff
from tests import builders
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books, password
from tests.web.rows import wait_for

__all__ = ["books", "connected", "password", "troupe"]

WHO = ("--as", "fin@brand.example", "--json")


def claim_on(books: Books, payout: str, status: ClaimStatus, asked_by: str = "") -> str:
    async def make(db: AsyncSession) -> str:
        of = await db.get_one(Collaboration, (await db.get_one(Payout, payout)).collaboration_id)
        who = await db.get_one(Staff, asked_by) if asked_by else None
        claim = await builders.claim(db, of, who, status=status.value)
        if status is ClaimStatus.DECIDING:
            await wait_for(db, ItemKind.CLAIM, claim, of.campaign_id, seen="4000EUR")
        return claim.id

    return books.run(make)


@pytest.mark.usefixtures("password")
def test_asking_for_money_back_is_a_row_with_amount_and_reason(
    connected: Terminal, books: Books
) -> None:
    payout, person = books.owed(), books.hire(Role.MANAGER)
    of = books.run(lambda db: db.get_one(Payout, payout)).collaboration_id
    answer = connected("claims", "ask", of, "40", "--reason", "Only one reel of two.", *WHO)
    assert answer.code == 0, answer.err
    (row,) = books.decisions()
    assert (row.kind, row.subject_id, row.actor_id) == ("claim_back", of, person)
    assert (row.choice["amount_minor"], row.comment) == (4_000, "Only one reel of two.")
    assert answer.json["decisions"][0]["claim"].startswith("clm_")
    assert connected("claims", "ask", "col_x", "40", "--reason", "Because.", *WHO).code == 2
    assert connected("claims", "ask", of, "40 USD", "--reason", "Because.", *WHO).code == 2
    assert connected("claims", "ask", of, "40", "--reason", "", *WHO).code == 2


@pytest.mark.usefixtures("password")
def test_a_claim_is_decided_repaid_and_waived_by_finance(connected: Terminal, books: Books) -> None:
    waiting = claim_on(books, books.owed(), ClaimStatus.DECIDING)
    owed = claim_on(books, books.owed(), ClaimStatus.CONFIRMED)
    books.hire(Role.FINANCE)
    listed = connected("claims", "list", "--json").json["claims"]
    assert {(one["claim"], one["open"], one["status"]) for one in listed} == {
        (waiting, 4_000, "deciding"), (owed, 4_000, "confirmed"),
    }  # fmt: skip
    assert "Waits for a second person" in connected("claims", "list").out
    assert connected("claims", "confirm", waiting, *WHO).code == 0
    assert connected("claims", "drop", waiting, "--comment", " ", *WHO).code == 2
    assert connected("claims", "repaid", owed, "15", "--comment", "Ours, 3 March.", *WHO).code == 0
    assert connected("claims", "waive", owed, "--comment", "Too little.", *WHO).code == 0
    assert connected("claims", "waive", "clm_x", "--comment", "Too little.", *WHO).code == 2
    made = [(row.kind, row.subject_id, row.seen) for row in books.decisions()]
    assert sorted(made[-3:]) == [
        ("book_repayment", owed, ""), ("decide_claim", waiting, "4000EUR"),
        ("waive_claim", owed, ""),
    ]  # fmt: skip


@pytest.mark.usefixtures("password")
def test_whoever_asked_for_a_claim_may_drop_it_and_nothing_else(
    connected: Terminal, books: Books
) -> None:
    payout, person = books.owed(), books.hire(Role.FINANCE)
    claim = claim_on(books, payout, ClaimStatus.CONFIRMED, person)
    for words in (("confirm", claim), ("repaid", claim, "15"), ("waive", claim)):
        refused = connected("claims", *words, "--comment", "Because I say so.", *WHO)
        assert (refused.code, refused.json["decisions"][0]["code"]) == (2, "claimant")
    assert "somebody else" in refused.json["decisions"][0]["message"]
    assert connected("claims", "drop", claim, "--comment", "A mistake.", *WHO).code == 0
    assert [row.kind for row in books.decisions()][-1:] == ["decide_claim"]
