"""When a creator who cannot be paid is written to, and when no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.payout_setup import Ask, Look, Standing, look
from tests.builders import NOW

DAY = timedelta(days=1)
RHYTHM = (2 * DAY, 5 * DAY)


class Payee:
    """One creator, looked at again and again."""

    def __init__(self, rhythm: tuple[timedelta, ...] = RHYTHM) -> None:
        self.rhythm = rhythm
        self.standing: Standing | None = None
        self.asked_at: datetime | None = None

    def looked_at(self, days: float, *, ready: bool) -> Ask | None:
        now = NOW + days * DAY
        found: Look = look(
            self.standing, ready=ready, remind_after=self.rhythm, asked_at=self.asked_at, now=now
        )
        self.standing = found.standing
        if found.ask:
            self.asked_at = now
        return found.ask

    def until(self, days: int) -> list[tuple[float, Ask]]:
        """Looked at four times a day, and never ready; gives what was sent, and when."""
        moments = [quarter / 4 for quarter in range(4 * days)]
        asked = [(day, self.looked_at(day, ready=False)) for day in moments]
        return [(day, ask) for day, ask in asked if ask]


def test_who_does_not_set_up_is_reminded_as_often_as_the_campaign_says_and_no_more() -> None:
    assert Payee().until(60) == [(2, Ask.REMINDER), (5, Ask.REMINDER)]
    assert Payee(()).until(60) == []


def test_who_is_ready_is_left_alone_and_told_at_once_when_they_are_not_any_more() -> None:
    payee = Payee()
    payee.looked_at(0, ready=False)
    assert payee.looked_at(2, ready=False) is Ask.REMINDER
    assert payee.looked_at(3, ready=True) is None
    assert payee.looked_at(40, ready=True) is None
    assert payee.looked_at(41, ready=False) is Ask.LOST
    assert payee.looked_at(42, ready=False) is None
    assert payee.looked_at(43, ready=False) is Ask.REMINDER
    assert payee.looked_at(46, ready=False) is Ask.REMINDER
    assert payee.looked_at(90, ready=False) is None


def test_an_account_that_comes_and_goes_brings_no_more_mails_than_one_that_does_not_come() -> None:
    payee = Payee()
    payee.looked_at(0, ready=False)
    sent = [payee.looked_at(n / 4, ready=n % 12 == 11) for n in range(1, 400)]
    assert [ask for ask in sent if ask] == [Ask.REMINDER]


def test_no_second_mail_asks_the_same_within_a_day() -> None:
    payee = Payee()
    payee.looked_at(0, ready=False)
    payee.asked_at = NOW + 1.5 * DAY  # a payment that waits has asked for it
    assert payee.looked_at(2, ready=False) is None
    assert payee.looked_at(2.5, ready=False) is Ask.REMINDER
    payee.looked_at(3, ready=True)
    payee.asked_at = NOW + 9 * DAY
    assert payee.looked_at(9.5, ready=False) is None, "told by the mail about the payment"


def test_what_was_missed_while_nobody_looked_is_not_sent_in_one_go() -> None:
    payee = Payee((timedelta(hours=1), timedelta(hours=2), timedelta(hours=3)))
    payee.looked_at(0, ready=False)
    sent = [payee.looked_at(10 + minutes / 1440, ready=False) for minutes in range(0, 240, 5)]
    assert [n * 5 for n, ask in enumerate(sent) if ask] == [0, 60, 120]
