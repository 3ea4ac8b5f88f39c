"""Where a campaign names who decides, the others of the role do not; a substitute takes over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.bank_transfer import NotPayable
from domain.campaign import CampaignFile
from domain.decisions import Choice
from domain.errors import UserMistake
from domain.house_rules import BeyondHouseRules, HouseRules, read_limits
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import Append, OpenItem
from store import approvers, campaigns, desk, four_eyes, staff
from store.engine import session
from store.records import append
from store.tables import Campaign, Collaboration, InboxItem, Payout, Staff
from tests import builders
from tests.builders import NOW
from tests.store.deciding import APPROVE, RELEASE, decide
from tests.web.rows import wait_for

SUBSTITUTE, APPROVER = "sam@brand.example", "noor@brand.example"
RULES = {"approvers": [APPROVER], "substitute": SUBSTITUTE}
FILE = builders.campaign_file(
    review=RULES, release={"second_person_above": "400 EUR"} | RULES
)  # fmt: skip


@dataclass
class Case:
    """A question, and three people of the role that it needs."""

    engine: AsyncEngine
    subject: Collaboration | Payout
    kind: ItemKind
    choice: Choice
    approver: Staff
    substitute: Staff
    other: Staff

    async def says(self, person: Staff) -> str:
        return (await decide(self.engine, self.subject, person, self.choice))[1].code

    async def hand_over(self) -> None:
        async with session(self.engine) as db:
            subject: Collaboration | Payout = await db.get_one(type(self.subject), self.subject.id)
            head = builders.head_of(subject)
        await append(
            self.engine,
            Append(
                head=head, at=NOW, key="over", event="handed_over", hand_over_items=(self.kind,)
            ),
        )

    async def inbox_of(self, person: Staff) -> tuple[int, list[str]]:
        """How many items are theirs, and why others are not."""
        async with session(self.engine) as db:
            found = await desk.inbox(db, person.roles, staff_id=person.id)
        return found.total, [why for _, why in found.elsewhere]


@pytest.fixture(params=[ItemKind.RELEASE, ItemKind.DRAFT])
async def case(engine: AsyncEngine, request: pytest.FixtureRequest) -> Case:
    kind: ItemKind = request.param
    release = kind is ItemKind.RELEASE
    async with session(engine) as db:
        roles = [Role.FINANCE if release else Role.REVIEWER]
        people = [
            await builders.staff(db, roles, email=email)
            for email in (APPROVER, SUBSTITUTE, "kim@brand.example")
        ]
        campaign = await builders.campaign(db, FILE)
        of = await builders.collaboration(db, campaign)
        subject = await builders.payout(db, of) if release else of
        await wait_for(db, kind, subject, campaign.id)
    return Case(engine, subject, kind, RELEASE if release else APPROVE, *people)


async def test_only_who_is_named_decides_and_finds_it_in_the_inbox(case: Case) -> None:
    assert await case.inbox_of(case.approver) == (1, [])
    assert await case.inbox_of(case.other) == (0, ["not_named"])
    assert await case.inbox_of(case.substitute) == (0, ["not_named"])
    assert await case.says(case.other) == "not_named"
    assert await case.says(case.substitute) == "not_named"
    assert await case.says(case.approver) == "applied"


async def test_the_substitute_takes_over_when_it_was_handed_over_and_nobody_else_does(
    case: Case,
) -> None:
    await case.hand_over()
    assert await case.inbox_of(case.substitute) == (1, [])
    assert await case.inbox_of(case.other) == (0, ["not_named"])
    assert await case.says(case.other) == "not_named"
    assert await case.says(case.substitute) == "applied"


@pytest.mark.parametrize("leaves", ["disabled", "role"])
async def test_if_nobody_who_is_named_can_decide_any_more_the_role_may(
    case: Case, leaves: str
) -> None:
    async with session(case.engine) as db:
        if leaves == "disabled":
            await staff.deactivate(db, case.approver.id)
        else:
            await staff.update_staff(db, case.approver.id, roles=[Role.OPERATOR])
    assert await case.inbox_of(case.other) == (1, [])
    assert await case.says(case.other) == "applied"


async def test_a_named_approver_with_a_part_in_the_cost_does_not_release_it(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        both = await builders.staff(db, [Role.FINANCE, Role.REVIEWER], email=APPROVER)
        of = await builders.collaboration(db, await builders.campaign(db, FILE))
        payout = await builders.payout(db, of)
    assert (await decide(engine, of, both, APPROVE))[1].code == "applied"
    async with session(engine) as db:
        assert await four_eyes.obstacle(db, payout.id, both.id) == "requester"
    assert (await decide(engine, payout, both, RELEASE))[1].code == "requester"


async def test_a_manager_stands_in_for_a_review_that_was_escalated_named_or_not(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        await builders.staff(db, [Role.REVIEWER], email=APPROVER)
        manager = await builders.staff(db, [Role.REVIEWER, Role.MANAGER])
        of = await builders.collaboration(db, await builders.campaign(db, FILE))
        waiting = OpenItem(kind=ItemKind.DRAFT)
        command: dict[str, Any] = {"key": "waits", "event": "waits", "open_items": (waiting,)}
        head = builders.head_of(of)
    await append(engine, Append(head=head, at=NOW, **command))
    assert (await decide(engine, of, manager, APPROVE))[1].code == "not_named"
    async with session(engine) as db:
        (await db.scalars(select(InboxItem))).one().escalated = True
    assert (await decide(engine, of, manager, APPROVE))[1].code == "applied"


async def test_a_campaign_that_a_bank_transfer_cannot_pay_is_not_kept(engine: AsyncEngine) -> None:
    euros = builders.campaign_file()
    async with session(engine) as db:
        with pytest.raises(NotPayable):
            await campaigns.create_campaign(db, dollars(), "", None, NOW, by_bank=True)
        assert await campaigns.create_campaign(db, dollars(), "", None, NOW)
        assert await campaigns.create_campaign(db, euros, "", None, NOW, by_bank=True)


def dollars() -> CampaignFile:
    return builders.campaign_file(
        currency="USD",
        budget={"total": "10,000 USD", "per_collaboration": "600 USD"},
        release={"second_person_above": "500 USD"},
    )


async def test_a_campaign_that_names_somebody_who_cannot_decide_is_not_begun(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        await builders.staff(db, [Role.FINANCE, Role.REVIEWER], email=APPROVER)
        await builders.staff(db, [Role.FINANCE], email=SUBSTITUTE)
    async with session(engine) as db:
        with pytest.raises(UserMistake) as refused:
            await campaigns.create_campaign(db, FILE, "", None, NOW)
    assert refused.value.code == approvers.NobodyThere.code
    assert "sam@brand.example (review: reviewer)" in refused.value.message
    assert "release" not in refused.value.message
    async with session(engine) as db:
        person = await staff.find_by_email(db, SUBSTITUTE)
        assert person is not None
        await staff.update_staff(db, person.id, roles=[Role.FINANCE, Role.REVIEWER])
        assert await campaigns.create_campaign(db, FILE, "", None, NOW)


async def test_a_campaign_beyond_what_the_installation_allows_is_not_begun(
    engine: AsyncEngine,
) -> None:
    rules = HouseRules(read_limits("100 EUR"))
    async with session(engine) as db:
        with pytest.raises(BeyondHouseRules):
            await campaigns.create_campaign(
                db, builders.campaign_file(), "", None, NOW, rules=rules
            )
        assert not (await db.scalars(select(Campaign))).all()
