"""`troupe payouts sepa-file` and `sepa-confirm`, and the settings that they need."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import end_to_end_id
from domain.errors import ConfigurationError
from domain.lifecycle import Role
from local.plan import Mode
from settings import Settings
from store import bank_accounts, bank_orders
from store.tables import Payout
from store.tables import PayoutAttempt as Attempt
from tests.bank import BRAND, IBAN, debit, statement
from tests.builders import NOW
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books, password
from tests.local.test_plan import plan

__all__ = ["books", "connected", "password", "troupe"]

BANK = {
    "TROUPE_PAYOUT_RAIL": "sepa",
    "TROUPE_SEPA_NAME": BRAND.name,
    "TROUPE_SEPA_IBAN": BRAND.iban,
    "TROUPE_SEPA_BIC": BRAND.bic,
}
BASE = {
    "TROUPE_DATABASE_URL": "postgresql+psycopg://app@127.0.0.1/troupe",
    "TROUPE_SECRET_KEY": "k" * 32,
}
AS = ("--as", "fin@brand.example")


def ordered(books: Books) -> str:
    """A payment that waits for a file; gives its reference."""
    payout_id = books.owed(asked=False)

    async def order(db: AsyncSession) -> None:
        row = await db.get_one(Payout, payout_id)
        account = await bank_accounts.give(db, row.creator_id, "Jule Brandt", IBAN, NOW)
        db.add(
            Attempt(
                payout_id=payout_id, number=1, key="key", request_hash="", account_id=account.id,
                first_sent_at=NOW,
            )
        )  # fmt: skip
        await db.flush()
        await bank_orders.place(db, payout_id, 1, account.id, row.amount_minor, NOW)

    books.run(order)
    return end_to_end_id(payout_id, 1)


@pytest.mark.usefixtures("password")
def test_finance_writes_the_file_once_takes_it_again_and_imports_the_answer(
    connected: Terminal, books: Books, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in BANK.items():
        monkeypatch.setenv(name, value)
    books.hire(Role.FINANCE)
    reference = ordered(books)
    first, again, answer = (tmp_path / name for name in ("first.xml", "again.xml", "bank.xml"))
    made = connected("payouts", "sepa-file", str(first), *AS, "--json").json
    assert (made["payments"], made["total"]) == (1, 15_000)
    assert first.stat().st_mode & 0o777 == 0o600
    nothing = connected("payouts", "sepa-file", str(again), *AS, "--json").json
    assert (nothing["file"], again.exists()) == (None, False)
    connected("payouts", "sepa-file", str(again), *AS, "--again", made["file"])
    assert again.read_bytes() == first.read_bytes()
    refused = connected("payouts", "sepa-file", str(first), *AS)
    assert refused.code != 0
    answer.write_bytes(statement(debit(reference, "150.00")))
    told = connected("payouts", "sepa-confirm", str(answer), *AS, "--json").json
    assert (told["changed"], told["lines"][0]["became"]) == (1, "booked")
    shown = connected("payouts", "sepa-confirm", str(answer), *AS).out
    assert "was known already; nothing changed" in shown


@pytest.mark.usefixtures("password")
def test_with_stripe_and_without_the_role_there_is_no_file(
    connected: Terminal, books: Books, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    books.hire(Role.REVIEWER)
    file = tmp_path / "bank.xml"
    assert "TROUPE_PAYOUT_RAIL" in connected("payouts", "sepa-file", str(file), *AS).err
    for name, value in BANK.items():
        monkeypatch.setenv(name, value)
    assert "may not do that" in connected("payouts", "sepa-file", str(file), *AS).err
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TROUPE_SEPA_NAME", ""), ("TROUPE_SEPA_IBAN", "DE00"), ("TROUPE_SEPA_IBAN", ""),
        ("TROUPE_SEPA_BIC", "bank"), ("TROUPE_PAYOUT_RAIL", "cash"),
    ],
)  # fmt: skip
def test_a_rail_without_a_whole_account_is_refused_at_the_start(name: str, value: str) -> None:
    assert Settings.from_environment(BASE).debtor is None
    assert Settings.from_environment(BASE | BANK).debtor == BRAND
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environment(BASE | BANK | {name: value})


def test_simulated_people_are_never_paid_by_a_bank() -> None:
    up, sample = plan(Mode.UP, **BANK), plan(Mode.SAMPLE, **BANK)
    for settings in (up.web_settings(), up.worker_settings("worker-payouts"),
                     up.worker_settings("worker-activities")):  # fmt: skip
        assert BANK.items() <= settings.items()
    assert not BANK.keys() & sample.web_settings().keys()
    assert not BANK.keys() & sample.worker_settings("worker-payouts").keys()
