"""What a person sees while the demonstration runs: a funnel, the money, who is waited for, news."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.lifecycle import Stage
from rendering.reader import Reader
from rendering.vocabulary.events import EVENTS
from rendering.vocabulary.stages import CAMPAIGN_STATUS, OUTCOMES, STAGES
from store.campaigns import CampaignSummary
from store.story import Told
from web import words

READER = Reader.of("en")
BAR = 24
"""Characters of the longest bar."""
NEWS = 7
"""Latest events on the screen."""
PLAIN_EVERY = 3.0
"""Seconds between two lines when nobody sees a screen."""

WAITED_FOR = {
    "offer": "an answer", "terms": "a signature", "submit": "a draft", "publish": "a post",
    "statement": "a statement", "shortlist": "the shortlist", "contact": "a message by hand",
    "screening": "a look at a creator", "counter": "an answer to a counter-offer",
    "scandal": "a word on what was found",
    "draft": "a review", "publication": "a look at a post", "hearing": "a hearing",
    "kill_fee": "a kill fee", "release": "a release", "attention": "help with a step",
}  # fmt: skip
"""What is waited for, by kind of item."""

DULL = {
    "offered", "terms_offered", "draft_asked", "review_asked", "publication_asked", "signed",
    "retention_began", "release_asked", "released", "not_answered", "sending", "sign_off_asked",
    "contact_asked", "screening_asked", "hearing_to_decide", "running", "staff_reminded",
}  # fmt: skip
"""Events that say what another one says better; the desk shows them all."""


@dataclass
class News:
    """One line of what happened."""

    seconds: float
    who: str
    what: str
    style: str = ""


@dataclass
class View:
    """What is shown; written by the demonstration, drawn several times a second."""

    title: str
    desk: str
    currency: str
    began: float = field(default_factory=time.monotonic)
    summary: CampaignSummary | None = None
    waiting: list[tuple[str, str, int]] = field(default_factory=list)
    loudest: str = ""
    """What nobody should miss; stays on the screen."""
    news: deque[News] = field(default_factory=lambda: deque(maxlen=NEWS))

    @property
    def seconds(self) -> float:
        """Since the demonstration began."""
        return time.monotonic() - self.began

    def say(self, what: str, style: str = "bold red") -> None:
        """Something that did not happen in the campaign, but to the programs that run it."""
        self.news.append(News(self.seconds, "engine", what, style))

    def tell(self, event: Told) -> bool:
        """Show an event in plain words, unless another says it better."""
        if event.event in DULL:
            return False
        if event.event not in EVENTS and "answer" not in event.data:
            return False
        what = words.event(event.event, event.data)
        if event.event == "ended":
            outcome = str(event.data.get("outcome", ""))
            what = f"Ended: {OUTCOMES.get(outcome, outcome).lower()}"
        if event.event in {"release_payout", "transferred", "held"}:
            what += f": {money(event.amount_minor, self.currency)}"
        style = {"ended": "dim", "transferred": "green", "held": "yellow"}.get(event.event, "")
        self.news.append(News(self.seconds, event.handle or "campaign", what, style))
        return True

    def plain(self) -> str:
        """Everything in one line, for a log."""
        if self.summary is None:
            return f"{clock(self.seconds)} starting"
        found = self.summary
        parts = [CAMPAIGN_STATUS.get(found.status, found.status).lower()]
        parts += [f"{count} {name.lower()}" for name, count in stages(found)]
        parts += [f"{count} {OUTCOMES[name].lower()}" for name, count in found.outcomes.items()]
        paid = money(found.money.get("paid", 0), self.currency)
        return f"{clock(self.seconds)} {', '.join(parts)}; paid {paid}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        yield self._head()
        if self.summary is not None:
            sides = Table.grid(expand=True, padding=(0, 2))
            sides.add_column(ratio=3)
            sides.add_column(ratio=2)
            sides.add_row(self._funnel(self.summary), self._right(self.summary))
            yield Padding(sides, (1, 0))
        if self.loudest:
            yield Padding(Text(self.loudest, "bold red"), (0, 0, 1, 0))
        yield self._latest()

    def _head(self) -> Group:
        status = CAMPAIGN_STATUS.get(self.summary.status, "") if self.summary else "Starting"
        line = Table.grid(expand=True)
        line.add_column()
        line.add_column(justify="right")
        line.add_row(
            Text(self.title, "bold", overflow="ellipsis", no_wrap=True),
            Text(f"{status}  {clock(self.seconds)}", "bold cyan"),
        )
        return Group(line, Text(f"Watch it in the desk: {self.desk}", "dim"))

    def _funnel(self, found: CampaignSummary) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=14)
        table.add_column(width=BAR)
        table.add_column(justify="right", width=3)
        most = max(found.wanted, sum(found.outcomes.values()), 1)
        shown = dict(stages(found))
        for stage in Stage:
            name = STAGES[stage.value]
            if stage is not Stage.CLOSED:
                table.add_row(*_bar(name, shown.get(name, 0), most, "cyan"))
        done = found.outcomes.get("completed", 0)
        table.add_row(*_bar("Completed", done, most, "green"))
        table.add_row(*_bar("Ended early", sum(found.outcomes.values()) - done, most, "yellow"))
        return table

    def _right(self, found: CampaignSummary) -> Group:
        return Group(self._money(found.money), Text(""), Text("Waiting for", "bold"), self._waits())

    def _money(self, balances: dict[str, int]) -> Group:
        parts = (
            (
                "paid",
                "green",
                balances.get("paid", 0)
                + balances.get("in_transit", 0)
                - balances.get("recovered", 0),
            ),
            ("earned", "yellow", balances.get("payable", 0)),
            ("promised", "cyan", balances.get("reserved", 0)),
            ("free", "bright_black", balances.get("available", 0)),
        )
        total = sum(amount for _, _, amount in parts) or 1
        bar = Text()
        for _, color, amount in parts:
            bar.append("█" * round(BAR * amount / total), color)
        legend = Table.grid(padding=(0, 1))
        legend.add_column()
        legend.add_column(justify="right")
        for name, color, amount in parts:
            legend.add_row(Text(name, color), money(amount, self.currency))
        return Group(Text("Money", "bold"), bar, legend)

    def _waits(self) -> Text:
        if not self.waiting:
            return Text("nobody", "dim")
        lines: dict[str, list[str]] = {}
        for role, kind, count in self.waiting:
            what = WAITED_FOR.get(kind, kind)
            lines.setdefault(role, []).append(f"{what} × {count}" if count > 1 else what)
        return Text("\n".join(f"{role}: {', '.join(what)}" for role, what in lines.items()))

    def _latest(self) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=5, style="dim")
        table.add_column(width=22, no_wrap=True, overflow="ellipsis")
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        for news in self.news:
            table.add_row(
                clock(news.seconds), Text(news.who, "dim"), Text(news.what, news.style)
            )  # fmt: skip
        for _ in range(NEWS - len(self.news)):
            table.add_row("", "", "")
        return table


class Screen:
    """Shows a view as long as it is entered; a line now and then if nobody looks."""

    def __init__(self, view: View, console: Console) -> None:
        self._view = view
        self._console = console
        self._live = (
            Live(view, console=console, refresh_per_second=4, transient=True)
            if console.is_terminal
            else None
        )
        self._last = 0.0

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def changed(self) -> None:
        """Something is new: a screen draws itself, a log gets a line every few seconds."""
        if self._live is None and time.monotonic() - self._last > PLAIN_EVERY:
            self._last = time.monotonic()
            self._console.print(escape(self._view.plain()))

    def loud(self, what: str) -> None:
        """Something that also a log should have at once."""
        self._view.say(what)
        if what.startswith("kill -9"):
            self._view.loudest = f"{clock(self._view.seconds)} {what}"
        elif what.startswith("all workers"):
            self._view.loudest += f"; {what.removeprefix('all workers are ')}"
        if self._live is None:
            self._console.print(escape(f"{clock(self._view.seconds)} {what}"))


def stages(found: CampaignSummary) -> list[tuple[str, int]]:
    """Open collaborations by stage, in the order of the stages."""
    there = [each.value for each in Stage if each.value in found.stages]
    return [(STAGES[each], found.stages[each]) for each in there]


def _bar(name: str, count: int, most: int, color: str) -> tuple[Text, Text, str]:
    length = max(1, round(BAR * min(count, most) / most)) if count else 0
    return Text(name, "" if count else "dim"), Text("█" * length, color), str(count or "")


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"


def money(minor: int, currency: str) -> str:
    """An amount as it is written in English."""
    return words.amount(minor, currency, READER)
