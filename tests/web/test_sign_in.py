"""Signing in, staying signed in, and being kept out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.lifecycle import Role
from store import staff
from store.engine import session
from store.sessions import ABSOLUTE, IDLE
from tests.fixtures.web import PASSWORD, Web


async def test_nobody_sees_anything_before_signing_in(web: Web) -> None:
    client = await web.browser()
    for path in ("/", "/campaigns", "/creators", "/payments", "/setup", "/items/x"):
        answer = await client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login"), path
    assert (
        await client.get("/api/inbox", headers={"Accept": "application/json"})
    ).status_code == 401


async def test_after_signing_in_one_lands_where_one_wanted_to_go(web: Web) -> None:
    email = await web.hire(Role.MANAGER)
    client = await web.browser()
    answer = await client.post(
        "/login", data={"email": email, "password": PASSWORD, "next": "/payments"}
    )
    assert answer.headers["location"] == "/payments"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/payments")).status_code == 200


@pytest.mark.parametrize("goal", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_signing_in_never_leads_to_another_site(web: Web, goal: str) -> None:
    email = await web.hire(Role.MANAGER)
    client = await web.browser()
    answer = await client.post("/login", data={"email": email, "password": PASSWORD, "next": goal})
    assert answer.headers["location"] == "/"


async def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(web: Web) -> None:
    email = await web.hire(Role.MANAGER)
    client = await web.browser()
    pages = []
    for address in (email, "nobody@brand.example"):
        answer = await client.post("/login", data={"email": address, "password": "not this one"})
        assert answer.status_code == 401
        pages.append(answer.text.replace(address, ""))
    assert pages[0] == pages[1]


async def test_guessing_is_stopped_and_colleagues_are_not_locked_out(web: Web) -> None:
    email = await web.hire(Role.MANAGER)
    client = await web.browser()
    wrong = {"email": email, "password": "not this one"}
    answers = [(await client.post("/login", data=wrong)).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    right = {"email": email, "password": PASSWORD}
    assert (await client.post("/login", data=right)).status_code == 429
    other = await web.hire(Role.FINANCE)
    right["email"] = other
    assert (await (await web.browser()).post("/login", data=right)).status_code == 303
    web.clock.forward(timedelta(minutes=16))
    right["email"] = email
    assert (await client.post("/login", data=right)).status_code == 303


async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(web: Web) -> None:
    idle = await web.signed_in(Role.MANAGER)
    web.clock.forward(IDLE + timedelta(minutes=1))
    assert (await idle.get("/")).status_code == 303
    busy = await web.signed_in(Role.MANAGER)
    for _ in range(int(ABSOLUTE / timedelta(hours=3))):
        assert (await busy.get("/")).status_code == 200
        web.clock.forward(timedelta(hours=3))
    web.clock.forward(timedelta(hours=2))
    assert (await busy.get("/")).status_code == 303


async def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    for _ in range(5):
        web.clock.forward(IDLE / 4)
        answer = await client.get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert (await client.get("/")).status_code == 303


async def test_signing_out_makes_the_cookie_worthless(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    cookie = client.cookies["troupe"]
    assert (await client.post("/logout", data={"csrf": "wrong"})).status_code == 403
    answer = await client.post("/logout", data={"csrf": await web.csrf(client)})
    assert answer.headers["location"] == "/login"
    client.cookies.set("troupe", cookie)
    assert (await client.get("/")).status_code == 303


async def test_signing_in_again_gives_a_new_cookie_and_ends_the_old_one(web: Web) -> None:
    email = await web.hire(Role.MANAGER)
    client = await web.browser()
    await client.post("/login", data={"email": email, "password": PASSWORD})
    before = client.cookies["troupe"]
    await client.post("/login", data={"email": email, "password": PASSWORD})
    assert client.cookies["troupe"] != before
    client.cookies.set("troupe", before)
    assert (await client.get("/")).status_code == 303


async def test_a_role_that_is_taken_away_is_gone_at_the_next_request(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    assert (await client.get("/campaigns/new")).status_code == 200
    async with session(web.engine) as db:
        await staff.update_staff(db, next(iter(web.people.values())), roles=[Role.REVIEWER])
    assert (await client.get("/campaigns/new")).status_code == 403


async def test_a_post_from_another_site_is_refused(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    fields = {"csrf": await web.csrf(client), "kind": "pause_campaign", "subject_id": "cmp_1"}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = await client.post("/decisions", data=fields, headers=headers)
        assert answer.status_code == 403, headers
    assert web.sender.decided == []


async def test_every_answer_carries_the_security_headers(web: Web) -> None:
    client = await web.browser()
    for path in ("/login", "/nothing/here", "/c/forged", "/healthz"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
    assert (await client.get("/c/forged")).headers["referrer-policy"] == "no-referrer"


async def test_styles_and_scripts_are_kept_for_ever_under_names_that_change(web: Web) -> None:
    client = await web.browser()
    page = (await client.get("/login")).text
    names = [part.split('"')[0] for part in page.split("/static/")[1:]]
    assert {name.split(".")[0] for name in names} == {"troupe", "mark", "htmx", "notice", "desk"}
    for name in names:
        answer = await client.get(f"/static/{name}")
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/static/troupe.css")).status_code == 404
    assert (await client.get("/static/..%2fapp.py")).status_code == 404


async def test_no_page_carries_an_inline_script_or_style(web: Web) -> None:
    client = await web.signed_in(*staff.STAFF_ROLES)
    for path in ("/", "/campaigns", "/campaigns/new", "/creators", "/payments", "/setup"):
        page = (await client.get(path)).text
        assert " style=" not in page, path
        assert "<style" not in page, path
        assert " onclick" not in page, path
        assert "<script>" not in page, path


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    answer = await client.post("/campaigns/new", data={"text": "x" * 600_000})
    assert answer.status_code == 413
