"""The payments of the proof: earned, with creators who can be paid, and released by finance."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from temporalio.client import Client, WorkflowHandle

from domain.campaign import CampaignFile, PayoutPolicy
from domain.decisions import ReleaseChoice
from domain.ids import CREATOR, collaboration_id, payout_id, payout_workflow_id
from domain.lifecycle import Role, Stage, StreamKind, WaitingFor
from domain.messages import (
    PAYOUT_WORKFLOW,
    Append,
    DecisionRef,
    NewPayout,
    PayoutInput,
    PayoutResult,
    Posting,
    PostingKind,
    Queue,
    StreamHead,
)
from integrations.stripe_rail import StripeRail
from integrations.temporal import TASK_TIMEOUT, send_decision
from local.proof.claimed import owe
from local.proof.steps import Case
from local.proof.stripe_process import StripeStandIn
from local.proof.waiting import SOON, until
from store import campaigns, decisions, ledger, payees, records, staff
from store.engine import session
from store.payout_reads import waiting_for_release
from store.tables import Collaboration, Creator, Payout, Recipient

MILESTONE = "publication_verified"
CREATORS = 4
"""Several payments go to the same account."""
FEE_MINOR = 10_000_00


def campaign_file(currency: str = "EUR", total: int = 100_000) -> CampaignFile:
    """A campaign with a budget in whole units of a currency."""
    each = f"{total // 10:,} {currency}"
    content = {
        "name": "Proof of payments",
        "goal": {"metric": "engagements", "target": 1_000},
        "brand": {
            "name": "Lumen & Leaf", "handle": "@lumenandleaf", "product": "a serum",
            "category": "beauty", "website": "https://lumenandleaf.example", "country": "DE",
            "timezone": "Europe/Berlin", "contact_name": "Marta Lindqvist",
            "postal_address": "Lumen & Leaf GmbH, Beispielstraße 12, 10115 Berlin, Germany",
        },
        "markets": ["DE"],
        "currency": currency,
        "budget": {"total": f"{total:,} {currency}", "per_collaboration": each},
        "creators": {"wanted": CREATORS},
        "deliverables": [{"kind": "reel"}],
        "brief": {"summary": "Show your morning routine.", "link": "https://lumenandleaf.example/serum"},
        "release": {"second_person_above": each, "cooling": "0 seconds"},
    }  # fmt: skip
    return CampaignFile.model_validate(content)


FILE = campaign_file()


@dataclass
class Scene:
    """All payments of the proof, with a campaign for each currency."""

    engine: AsyncEngine
    client: Client
    finance: str
    campaign_of: dict[str, str]
    """By currency."""
    payout_of: dict[Case, str] = field(default_factory=dict)
    collaboration_of: dict[Case, str] = field(default_factory=dict)
    account_of: dict[Case, str] = field(default_factory=dict)

    @classmethod
    async def begin(
        cls, engine: AsyncEngine, client: Client, standin: StripeStandIn, plan: Sequence[Case]
    ) -> Scene:
        """Write campaigns, creators and earned payments, and make the creators' accounts."""
        now = datetime.now(UTC)
        async with session(engine) as db:
            finance = await staff.create_staff(
                db, email=f"finance-{secrets.token_hex(4)}@lumenandleaf.example", name="Finn Odell",
                roles=[Role.FINANCE], password=secrets.token_hex(16), at=now,
            )  # fmt: skip
            campaigns = {
                currency: await funded_campaign(db, campaign_file(currency), now)
                for currency in sorted({case.currency for case in plan})
            }
        scene = cls(engine, client, finance, campaigns)
        rail = standin.rail()
        for mine in _by_account(plan):
            await scene._earn(await _account(rail, standin), mine, now)
        await rail.close()
        return scene

    async def _earn(self, account: str, mine: Sequence[Case], now: datetime) -> None:
        """A creator's milestone is reached several times: each is a payment, in one event."""
        currency = mine[0].currency
        async with session(self.engine) as db:
            campaign = self.campaign_of[currency]
            collaboration = await contracted(db, campaign, account, now, currency)
        rows, postings = [], []
        for case in mine:
            identity = payout_id(collaboration, MILESTONE, case.number)
            self.payout_of[case], self.collaboration_of[case] = identity, collaboration
            self.account_of[case] = account
            rows.append(
                NewPayout(
                    payout_id=identity, kind=MILESTONE, number=case.number,
                    amount_minor=case.amount_minor, pay_by=now + timedelta(days=14),
                )
            )  # fmt: skip
            postings += [
                Posting(kind=kind, key=f"{identity}:{kind}", amount_minor=case.amount_minor)
                for kind in (PostingKind.RESERVE, PostingKind.EARN)
            ]
        await records.append(
            self.engine,
            Append(
                head=StreamHead(kind=StreamKind.COLLABORATION, entity_id=collaboration), at=now,
                key="earned", event=MILESTONE, new_payouts=tuple(rows), postings=tuple(postings),
            ),
        )  # fmt: skip
        for case in mine:
            if case.owed_minor:
                await owe(self.engine, collaboration, case.owed_minor, now)

    async def start(self, cases: Sequence[Case]) -> None:
        """Start the payments' workflows and wait until finance is asked for each."""
        await asyncio.gather(*(self._start(case) for case in cases))
        wanted = {self.payout_of[case] for case in cases}

        async def asked() -> bool:
            return wanted <= (await self._asked()).keys()

        await until(asked, "finance is asked for every payment")

    async def _start(self, case: Case) -> None:
        identity = self.payout_of[case]
        await self.client.start_workflow(
            PAYOUT_WORKFLOW,
            PayoutInput(
                payout_id=identity,
                collaboration_id=self.collaboration_of[case],
                campaign_id=self.campaign_of[case.currency],
                amount_minor=case.amount_minor,
                currency=case.currency,
                pay_by=datetime.now(UTC) + timedelta(days=14),
                policy=PayoutPolicy.of(campaign_file(case.currency)),
            ),
            id=payout_workflow_id(identity),
            task_queue=Queue.WORKFLOWS.value,
            task_timeout=TASK_TIMEOUT,
        )

    async def decide(self, cases: Sequence[Case]) -> list[tuple[Case, DecisionRef]]:
        """Finance's releases, as rows."""
        seen, made = await self._asked(), []
        async with session(self.engine) as db:
            for case in cases:
                shown, identity = seen[self.payout_of[case]], self.payout_of[case]
                account = await payees.digest_of(db, identity)
                choice = ReleaseChoice(netted_minor=case.owed_minor, account=account)
                row = await decisions.submit(
                    db, kind=choice.kind, subject_kind=StreamKind.PAYOUT.value,
                    subject_id=identity, actor_kind="staff", actor_id=self.finance, choice=choice,
                    seen=shown, at=datetime.now(UTC),
                )  # fmt: skip
                made.append((case, DecisionRef(decision_id=row, kind=choice.kind, seen=shown)))
        return made

    async def tell(self, case: Case, ref: DecisionRef) -> bool:
        """Hand a release to its workflow, as the sweep does again; False if nobody answered."""
        identity = self.payout_of[case]
        return await send_decision(self.client, StreamKind.PAYOUT, identity, ref) is not None

    async def release(self, cases: Sequence[Case]) -> None:
        """Release payments."""
        made = await self.decide(cases)
        await asyncio.gather(*(self.tell(case, ref) for case, ref in made))

    async def row(self, case: Case) -> Payout:
        """The payment's row as it is now."""
        async with session(self.engine) as db:
            return await db.get_one(Payout, self.payout_of[case])

    async def reaches(self, case: Case, *, seconds: float = SOON, **wanted: str) -> None:
        """Wait until columns of the payment's row say something, for so many seconds."""

        async def there() -> bool:
            row = await self.row(case)
            return all(getattr(row, name) == value for name, value in wanted.items())

        await until(there, f"{case.words}: {wanted}", seconds)

    def handle(self, case: Case) -> WorkflowHandle[object, PayoutResult]:
        """The payment's workflow."""
        return self.client.get_workflow_handle(
            payout_workflow_id(self.payout_of[case]), result_type=PayoutResult
        )

    async def _asked(self) -> dict[str, str]:
        """What the open releases show, by payment."""
        async with session(self.engine) as db:
            waiting = await waiting_for_release(db, size=1000)
        return {row.payout.id: row.item.seen for row in waiting.rows if row.item}


def _by_account(plan: Sequence[Case]) -> list[list[Case]]:
    """Share accounts among those to which nothing happens; what is too small is with its other."""
    small = {case.other: case for case in plan if case.other}
    pairs = [[other, case] for other, case in small.items()]
    free = [case for case in plan if not case.small and case not in small]
    together = [case for case in free if not case.alone]
    shared = [together[number::CREATORS] for number in range(CREATORS)]
    return [*filter(None, shared), *pairs, *([case] for case in free if case.alone)]


async def funded_campaign(db: AsyncSession, file: CampaignFile, now: datetime) -> str:
    """A campaign with its budget in the ledger."""
    campaign = await campaigns.create_campaign(db, file, "", None, now)
    fund = Posting(
        kind=PostingKind.FUND, key=f"{campaign}:fund", amount_minor=file.budget.total.minor
    )
    await ledger.post(db, campaign, None, None, None, fund, file.currency, now)
    return campaign


async def _account(rail: StripeRail, standin: StripeStandIn) -> str:
    """An account at Stripe that can be paid."""
    name = secrets.token_hex(8)
    made = await rail.ensure_recipient(f"{CREATOR}_{name}", "DE", f"{name}@example.org", None)
    standin.onboard(made.account_id)
    return made.account_id


async def contracted(
    db: AsyncSession, campaign: str, account: str, now: datetime, currency: str = FILE.currency
) -> str:
    """A creator with a contract and an account that can be paid."""
    creator, name = f"{CREATOR}_{secrets.token_hex(8)}", f"proof_{secrets.token_hex(4)}"
    db.add(
        Creator(
            id=creator, platform="instagram", handle=f"@{name}", handle_key=name, name="Jule",
            email=f"{name}@example.org", country="DE", language="de", timezone="Europe/Berlin",
            followers=10_000, salt=secrets.token_hex(16), created_at=now, updated_at=now,
        )
    )  # fmt: skip
    await db.flush()
    db.add(
        Recipient(
            creator_id=creator, account_id=account, status="active", requirements=[],
            since=now, updated_at=now,
        )
    )  # fmt: skip
    identity = collaboration_id(campaign, creator)
    db.add(
        Collaboration(
            id=identity, campaign_id=campaign, creator_id=creator, stage=Stage.RETAINING.value,
            waiting_for=WaitingFor.ENGINE.value, quoted_minor=FEE_MINOR, fee_minor=FEE_MINOR,
            currency=currency, salt=secrets.token_hex(16), created_at=now, updated_at=now,
        )
    )  # fmt: skip
    await db.flush()
    return identity
