"""The crash matrix: payments under way together, killed each at its place, then looked at.

One kill hits many payments, each standing at another step, so that the whole matrix needs three
generations of workers. What comes after is not helped along: new workers, the same Stripe. The
last of them go through everything that goes wrong while nobody dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from domain.ids import attempt_key
from domain.messages import DecisionRef
from local.proof.doomed import Crew, Places
from local.proof.ground import Ground, mail_accepted, swept, webhooks_received
from local.proof.looking import look
from local.proof.mishaps import TRANSFERS, Mishaps
from local.proof.news import News
from local.proof.plan import a_few, cases
from local.proof.progress import how_far
from local.proof.scene import Scene
from local.proof.small import Small
from local.proof.steps import IN_THE_CALL, Case, End, Part, Step
from local.proof.verdict import Proof
from local.proof.waiting import until
from store.engine import session
from store.reconciliation import books_of

SLOW_SECONDS = 8.0
"""So long the stand-in keeps a call open in which something is to be killed."""
AT_LAST = 150.0
"""Seconds in which every payment ends, however often somebody was killed."""
KILLS = (Part.WORKERS, Part.BOTH, Part.STRIPE)


async def prove(
    ground: Ground, seed: int, say: Callable[[str], None] = lambda _: None, *, whole: bool = True
) -> Proof:
    """Run the matrix; the same seed gives the same amounts, order and moments.

    Args:
        ground: the servers.
        seed: draws all of it.
        say: is told what begins.
        whole: with all that is shared or not sent; else with a few of it.
    """
    began = time.monotonic()
    dice = random.Random(seed)
    plan = cases(dice) if whole else a_few(cases(dice), seed)
    scene = await Scene.begin(ground.engine, ground.client, ground.standin, plan)
    matrix = Matrix(ground, scene, plan, dice, say)
    async with mail_accepted(ground.client), matrix.workers():
        for part in KILLS:
            await matrix.interrupt(part)
        ended = await matrix.live_on()
    found, faults = await look(ground, scene, ended, matrix.progress, matrix.seen)
    return Proof(seed, found, (*matrix.late, *faults), time.monotonic() - began)


class Matrix:
    """Kills, and sees what becomes of it."""

    def __init__(
        self, ground: Ground, scene: Scene, plan: Sequence[Case], dice: random.Random,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._ground, self._scene, self._plan = ground, scene, plan
        self._dice, self._say = dice, say
        self._crew = Crew(ground.folder)
        self._mishaps = Mishaps(ground, scene, self._crew)
        self._news, self._small = News(ground, scene), Small(ground, scene)
        self.progress: dict[Case, int] = {}
        """How far each had come when something was killed."""
        self.late: list[str] = []
        """What did not come to its place in time."""
        self._unanswered: list[tuple[Case, DecisionRef]] = []

    @property
    def seen(self) -> dict[Case, list[str]]:
        """What was wrong on the way."""
        return {**self._mishaps.seen, **self._news.seen}

    @contextlib.asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """Whoever works at the end does not outlive the proof."""
        try:
            yield
        finally:
            self._crew.kill()

    async def interrupt(self, part: Part) -> None:
        """Bring the payments of this part to their places, and kill.

        Who does not get there is killed elsewhere, and the verdict says what became of it.
        """
        mine = self._of(part)
        calls = [case for case in mine if case.step in IN_THE_CALL]
        loose = [case for case in mine if case.step in {Step.ANY_MOMENT, Step.AWAY}]
        aside = {Step.GOES, Step.DONE}
        standing = [c for c in mine if c not in calls and c not in loose and c.step not in aside]
        self._say(f"{len(mine)} payments; {part.value} with -9")
        steps = {self._id(case): case.step for case in standing}
        places = self._crew.start(steps, self._ground.environment)
        await self._scene.start(mine)
        try:
            await self._small.are_refused(mine)
            await self._reach(standing, calls, places)
        except TimeoutError as late:
            self.late.append(f"{part.value}: {late}")
        if part is not Part.STRIPE:
            await self._at_any_moment(loose)
        await self._note(mine)
        await self._kill(part, loose)

    async def live_on(self) -> set[Case]:
        """Nobody is killed, and whatever else can go wrong does; gives whose workflow has ended."""
        quiet = [part for part in Part if part not in KILLS]
        number = sum(len(self._of(part)) for part in quiet)
        self._say(f"{number} payments; nobody is killed, Stripe fails in {number} ways")
        for case, ref in self._unanswered:
            await self._scene.tell(case, ref)
        # No payment needs the news of what happened before, which would wake what is too small.
        self._ground.standin.lose_events()
        async with webhooks_received(self._ground), swept(self._ground):
            await self._mishaps.calls_fail(self._of(Part.CALLS))
            await self._news.happen(self._of(Part.NEWS))
            await asyncio.gather(
                self._news.come(),
                self._find_lost(),
                self._mishaps.refused(self._of(Part.HELD)),
            )
            await asyncio.gather(
                self._ended(case for case in self._plan if case.part is not Part.KEY),
                self._mishaps.key_refused_until_a_person_says_so(),
            )
            await self._mishaps.key_refused_until_another_is_set()
            ended = await self._ended(self._plan)
            await self._news.applied()
        return ended

    async def _find_lost(self) -> None:
        """Ask for lost events, once none can wake what waits to be taken along by a later attempt.

        It would be tried alone, now that its account takes any amount, and rightly so.
        """
        await self._ended(case for case in self._of(Part.CALLS) if case.end is End.ALONG)
        await self._news.find_lost()

    async def _reach(
        self, standing: Sequence[Case], calls: Sequence[Case], places: Places
    ) -> None:  # fmt: skip
        """Let everybody go as far as they shall; the calls last, since they do not wait long."""
        await self._scene.release([case for case in standing if not case.small])
        await self._small.come_to_their_places(standing)
        there = {self._id(case) for case in standing}
        await until(lambda: there <= places.standing(), "every payment stands at its place")
        await self._small.others_go_alone(standing)
        for case in calls:
            self._ground.standin.order_fault(
                IN_THE_CALL[case.step], method="POST", key=attempt_key(self._id(case), 1),
                seconds=SLOW_SECONDS,
            )  # fmt: skip
        await self._scene.release(calls)
        wanted = [attempt_key(self._id(case), 1) for case in calls]

        def called() -> bool:
            keys = [each["key"] for each in self._ground.standin.requests(TRANSFERS)]
            return all(any(key.startswith(mine) for key in keys) for mine in wanted)

        await until(called, "every call is on its way")

    async def _at_any_moment(self, loose: Sequence[Case]) -> None:
        """Release some and do not look where they are."""
        made = await self._scene.decide(loose)
        telling = [(each, asyncio.create_task(self._scene.tell(*each))) for each in made]
        await asyncio.sleep(self._dice.uniform(0.0, 0.25))
        self._unanswered += [each for each, task in telling if not task.done()]
        for _, task in telling:
            task.cancel()

    async def _note(self, mine: Sequence[Case]) -> None:
        """How far each has come, read the moment before the kill."""
        booked = {each["transfer_group"] for each in self._ground.standin.transfers()}
        async with session(self._ground.engine) as db:
            rows = {b.payout_id: b for b in await books_of(db, [self._id(c) for c in mine])}
        for case in mine:
            other = rows[self._id(case.other)] if case.other else None
            self.progress[case] = how_far(case, rows[self._id(case)], other, booked)

    async def _kill(self, part: Part, loose: Sequence[Case]) -> None:
        """Kill; workers that take over find the payments as they were left."""
        standin = self._ground.standin
        if part is Part.STRIPE:
            standin.stop(signal.SIGKILL)
            await self._scene.release(loose)
            await asyncio.sleep(self._dice.uniform(0.3, 1.5))
            standin.start()
            return
        self._crew.kill()
        if part is Part.BOTH:
            standin.kill_and_restart()

    async def _ended(self, wanted: Iterable[Case]) -> set[Case]:
        """Wait for every payment; gives those whose workflow has ended as it should."""
        waiting = {case: self._scene.handle(case).result() for case in wanted}
        done = await asyncio.gather(
            *(asyncio.wait_for(result, AT_LAST) for result in waiting.values()),
            return_exceptions=True,
        )
        return {
            case
            for case, result in zip(waiting, done, strict=True)
            if not isinstance(result, BaseException) and result.status is case.status
        }

    def _of(self, part: Part) -> list[Case]:
        return [case for case in self._plan if case.part is part]

    def _id(self, case: Case) -> str:
        return self._scene.payout_of[case]
