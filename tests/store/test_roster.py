"""Rosters and posts come in from anybody's file, once, and say what was left out."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.columns import MapMistake
from domain.comments import Counts
from domain.errors import Unavailable
from domain.tabular import UnreadableFile
from store import creator_figures
from store.engine import session
from store.roster import ImportResult, import_posts, import_roster, upsert_creators
from store.tables import Creator, CreatorPost

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "examples"
AWKWARD = Path(__file__).parents[1] / "fixtures" / "files" / "awkward_roster.csv"
AWKWARD_MAP = "handle=list-{S.no},followers=Subscribers,platform==instagram"


async def imported(engine: AsyncEngine, content: str, mapping: str = "") -> ImportResult:
    return await import_roster(engine, content.encode(), source="a test", at=NOW, mapping=mapping)


async def test_the_example_roster_comes_in_and_a_second_time_changes_nothing(
    engine: AsyncEngine,
) -> None:
    data = (EXAMPLES / "roster.csv").read_bytes()
    first = await import_roster(engine, data, source="examples", at=NOW)
    again = await import_roster(engine, data, source="another name", at=LATER)
    assert (first.created, first.quarantined) == (first.rows, 0)
    assert first.without_address == 5
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.rows)
    async with session(engine) as opened:
        sources = set(await opened.scalars(select(Creator.source)))
        touched = await opened.scalar(select(func.max(Creator.updated_at)))
    assert sources == {"examples"}
    assert touched == NOW


async def test_the_example_posts_belong_to_the_example_roster(engine: AsyncEngine) -> None:
    await import_roster(engine, (EXAMPLES / "roster.csv").read_bytes(), source="x", at=NOW)
    data = (EXAMPLES / "posts.csv").read_bytes()
    first = await import_posts(engine, data, source="examples")
    again = await import_posts(engine, data, source="examples")
    assert (first.created, first.quarantined) == (first.rows, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.rows)


async def test_a_list_without_handles_comes_in_by_its_row_numbers(engine: AsyncEngine) -> None:
    result = await import_roster(
        engine, AWKWARD.read_bytes(), source="a list", at=NOW, mapping=AWKWARD_MAP
    )
    assert (result.created, result.quarantined) == (8, 1)
    assert result.left_out[0].line == 6
    assert "Subscribers" in result.columns["followers"]
    async with session(engine) as opened:
        first = await opened.scalar(select(Creator).where(Creator.handle_key == "list-1"))
    assert first is not None
    assert (first.followers, first.audience_country, first.engagement_ppm) == (
        477_900_000,
        "IN",
        12_973,
    )


async def test_good_rows_stay_and_bad_rows_are_kept_with_their_reason(engine: AsyncEngine) -> None:
    result = await imported(
        engine,
        "platform,handle,followers,email\n"
        "instagram,good.one,2000,good@example.org\n"
        "instagram,=cmd|' /C calc'!A0,2000,\n"
        "instagram,two,many,\n"
        "myspace,three,100,\n"
        "instagram,four,-5,\n"
        "instagram,GOOD.ONE,3000,\n"
        "instagram,five,10,not an address\n"
        "instagram,six,10,a@example.org,too,many\n",
    )
    assert (result.created, result.quarantined) == (1, 7)
    reasons = {row.line: row.reason for row in result.left_out}
    assert "not an account name" in reasons[3]
    assert "'many' is not a number" in reasons[4]
    assert "'myspace' is not one of" in reasons[5]
    assert "negative" in reasons[6]
    assert reasons[7] == "the same creator as in line 2"
    assert "mail can be sent to" in reasons[8]
    assert "6 cells, but the header has 4 columns" in reasons[9]
    quarantine = result.quarantine.decode("utf-8-sig")
    assert quarantine.startswith("line,reason,platform,handle,followers,email\r\n")
    assert "'=cmd" in quarantine


async def test_a_mended_quarantine_file_can_be_imported_as_it_is(engine: AsyncEngine) -> None:
    result = await imported(engine, "platform,handle,followers\ninstagram,@lena,2 thousand\n")
    mended = result.quarantine.replace(b"2 thousand", b"2000")
    again = await import_roster(engine, mended, source="mended", at=NOW)
    assert (again.created, again.quarantined) == (1, 0)


async def test_two_imports_of_the_same_file_at_once_create_everybody_once(
    engine: AsyncEngine,
) -> None:
    data = (EXAMPLES / "roster.csv").read_bytes()
    results = await asyncio.gather(
        *(import_roster(engine, data, source="both", at=NOW) for _ in range(2))
    )
    assert sorted(result.created for result in results) == [0, 61]


async def test_an_import_behind_a_long_one_is_told_to_wait(engine: AsyncEngine) -> None:
    async with session(engine) as long_one, session(engine) as second:
        await upsert_creators(long_one, [], "x", NOW)
        await second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(Unavailable, match="another import is running"):
            await upsert_creators(second, [], "x", NOW)


async def test_a_later_file_updates_what_it_says_and_leaves_the_rest(engine: AsyncEngine) -> None:
    await imported(engine, "platform,handle,followers,email\ntiktok,lena,2000,l@example.org\n")
    result = await import_roster(
        engine, b"platform;handle;followers\nTikTok;@Lena;2,5K\n", source="new", at=LATER
    )
    assert (result.updated, result.created) == (1, 0)
    async with session(engine) as opened:
        lena = (await opened.scalars(select(Creator))).one()
    assert (lena.followers, lena.email, lena.updated_at) == (2500, "l@example.org", LATER)


async def test_a_file_that_cannot_be_trusted_leaves_no_trace(engine: AsyncEngine) -> None:
    with pytest.raises(UnreadableFile, match=r"line 3.*never closed"):
        await imported(engine, 'platform,handle,followers\ninstagram,a,1\ninstagram,"b,2\n')
    with pytest.raises(UnreadableFile, match="two columns are called 'email'"):
        await imported(engine, "handle,followers,email,email\na,1,x,y\n")
    with pytest.raises(MapMistake, match="no column 'Usrname'"):
        await imported(engine, "Username,followers\na,1\n", "handle=Usrname")
    async with session(engine) as opened:
        assert await opened.scalar(select(func.count()).select_from(Creator)) == 0


async def test_posts_of_strangers_and_of_ambiguous_handles_are_left_out(
    engine: AsyncEngine,
) -> None:
    await imported(
        engine, "platform,handle,followers\ninstagram,lena,1\ntiktok,lena,1\nyoutube,mo,1\n"
    )
    result = await import_posts(
        engine,
        b"handle,platform,text,date\n"
        b"mo,,hello,2026-10-01\n"
        b"lena,,hello,2026-10-01\n"
        b"lena,tiktok,hello,2026-10-01\n"
        b"nobody,tiktok,hello,2026-10-01\n"
        b"mo,youtube,hello,2026-10-01\n"
        b"mo,youtube,hello,02/03/2026\n",
        source="a test",
    )
    assert (result.created, result.quarantined) == (2, 4)
    reasons = {row.line: row.reason for row in result.left_out}
    assert "instagram and tiktok" in reasons[3]
    assert "no such creator in the roster on tiktok" in reasons[5]
    assert reasons[6] == "the same post as in line 2"
    assert "either month/day or day/month" in reasons[7]
    async with session(engine) as opened:
        assert await opened.scalar(select(func.count()).select_from(CreatorPost)) == 2


# --- day by day ------------------------------------------------------------------------------


async def figures(engine: AsyncEngine) -> tuple[int, list[tuple[date, int, int | None]]]:
    """The followers that count, and those of every day that is known, the newest first."""
    async with session(engine) as opened:
        (row,) = await opened.scalars(select(Creator))
        days = await creator_figures.histories(opened, [row.id])
    return row.followers, [(day.seen_on, day.followers, day.engagement_ppm) for day in days[row.id]]


async def test_figures_are_kept_day_by_day_and_old_ones_change_nothing_else(
    engine: AsyncEngine,
) -> None:
    head = "platform,handle,followers,engagement,as of\n"
    await imported(engine, head + "instagram,mia,19500,1.5 %,\n")
    await imported(engine, head + "instagram,mia,8200,3.8 %,2026-11-14\n")
    await imported(engine, "platform,handle,followers\ninstagram,mia,19600\n")  # the same day
    assert await figures(engine) == (
        19_600,
        [(date(2026, 11, 23), 19_600, 15_000), (date(2026, 11, 14), 8_200, 38_000)],
    )
    wrong = await imported(engine, head + "instagram,mia,19500,1.5 %,last May\n")
    assert "write it like 2026-12-24" in wrong.left_out[0].reason


async def import_post(engine: AsyncEngine, **parts: object) -> tuple[ImportResult, CreatorPost]:
    """One post of @mia, and how it is kept."""
    content = json.dumps({"handle": "mia", "post_id": "1", **parts}).encode()
    result = await import_posts(engine, content, source="a test")
    async with session(engine) as opened:
        (row,) = await opened.scalars(select(CreatorPost))
    return result, row


async def test_of_comments_only_marks_are_kept(engine: AsyncEngine) -> None:
    await imported(engine, "platform,handle,followers\ninstagram,mia,9500\n")
    said = ["🔥", "Ann Q. was here with me last May"]
    await import_post(engine, caption="A calm walk", comment_texts=said)
    again, row = await import_post(engine, caption="A calm walk", comment_texts=said)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    async with session(engine) as opened:
        counted = await creator_figures.comments(opened, [row.creator_id])
    assert counted == {row.creator_id: Counts(read=2, empty=1, alike=0)}
    assert "ann" not in json.dumps(row.comment_marks).casefold()


async def test_another_text_under_the_same_post_is_news_to_whoever_reads_what_came_in(
    engine: AsyncEngine,
) -> None:
    await imported(engine, "platform,handle,followers\ninstagram,mia,9500\n")
    _, first = await import_post(engine, caption="A calm walk", likes=5)
    _, liked = await import_post(engine, caption="A calm walk", likes=9)
    result, changed = await import_post(engine, caption="A calm wok")
    assert (result.created, result.updated) == (0, 1)
    assert (changed.caption, changed.likes) == ("A calm wok", 9)
    assert first.id == liked.id < changed.id
