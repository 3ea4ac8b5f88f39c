"""One's own page: mails about what waits, on or off."""

from __future__ import annotations

from sqlalchemy import select

from domain.lifecycle import Role
from domain.staff_mail import Wish
from store import staff
from store.engine import session
from store.tables import Staff
from tests.fixtures.web import Web


async def wishes(web: Web) -> dict[str, str]:
    async with session(web.engine) as db:
        return {row.name: row.mails for row in await db.scalars(select(Staff))}


async def test_everybody_switches_their_own_mails_off_and_on(web: Web) -> None:
    client = await web.signed_in(Role.REVIEWER)
    await web.hire(Role.REVIEWER, name="Kim")
    page = (await client.get("/me")).text
    assert "Switch them off" in page
    assert 'href="/me" aria-current="page"' in page
    csrf = await web.csrf(client)
    for wish, said in (("off", "They are off."), ("on", "They go to noor.0@brand.example")):
        answer = await client.post("/me", data={"csrf": csrf, "mails": wish})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        assert await wishes(web) == {"Noor": wish, "Kim": "on"}
        assert said in (await client.get("/me")).text


async def test_a_form_of_another_site_switches_nothing(web: Web) -> None:
    client = await web.signed_in(Role.REVIEWER)
    assert (await client.post("/me", data={"csrf": "x", "mails": "off"})).status_code == 403
    assert (await (await web.browser()).get("/me")).status_code == 303
    assert await wishes(web) == {"Noor": "on"}


async def test_who_has_no_mailbox_reads_why_there_are_no_mails(web: Web) -> None:
    client = await web.signed_in(Role.FINANCE)
    async with session(web.engine) as db:
        (me,) = await staff.list_staff(db)
        me.mails = Wish.BOUNCED.value
    assert "no such mailbox" in (await client.get("/me")).text
