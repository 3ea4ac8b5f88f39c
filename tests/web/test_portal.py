"""The creator's page: what is asked, the forms, and what a link can and cannot do."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from domain.decisions import DecisionKind, PlainChoice
from domain.disclosure import label_for
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, Role
from domain.messages import DecisionResult
from rendering.links import Links
from store.engine import session
from store.outbox import is_suppressed
from store.tables import (
    Collaboration,
    Decision,
    Draft,
    OnboardingLink,
    Payout,
    Publication,
    Signature,
    Statement,
    Terms,
)
from store.tables import Creator as CreatorRow
from tests import builders
from tests.fixtures.web import URL, Web
from tests.web.rows import CAPTION, Scene, scene, wait_for
from web.words import REFUSALS, WAITS_AS_CREATORS_READ

TABLES = (Decision, Draft, Signature, Publication, Statement, OnboardingLink)


@dataclass
class Creator:
    """A creator's browser after the click in the mail."""

    web: Web
    http: httpx.AsyncClient
    path: str

    async def page(self) -> str:
        """The page as it is now."""
        return (await self.http.get(self.path)).text

    async def send(self, action: str, **fields: str) -> httpx.Response:
        """Fill in the form with this ``data-action`` and press the button."""
        form = form_of(await self.page(), action)
        return await self.http.post(f"{URL}{form.pop('action')}", data=form | fields)


def form_of(page: str, action: str) -> dict[str, str]:
    """The address and the hidden fields of a form."""
    found = re.search(rf'<form[^>]*data-action="{action}".*?</form>', page, re.S)
    assert found, f"no form for {action}"
    form = found[0]
    address = re.search(r'action="([^"]+)"', form)
    assert address
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {"action": address[1]} | dict(hidden)


async def arrive(web: Web, there: Scene) -> Creator:
    """Follow the link of the mail."""
    client = await web.browser()
    answer = await client.get(web.links.portal(there.collaboration.id))
    assert answer.status_code == 303
    return Creator(web, client, answer.headers["location"])


async def counts(web: Web) -> dict[str, int]:
    async with session(web.engine) as db:
        return {
            table.__tablename__: await db.scalar(select(func.count()).select_from(table)) or 0
            for table in TABLES
        }


async def last_decision(web: Web) -> Decision:
    async with session(web.engine) as db:
        row = await db.get_one(Decision, web.sender.decided[-1][2].decision_id)
    return row


async def test_the_link_leaves_no_token_behind(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    client = await web.browser()
    answer = await client.get(web.links.portal(there.collaboration.id))
    assert answer.headers["location"] == f"/portal/{there.collaboration.id}"
    cookie = answer.headers["set-cookie"]
    assert f"Path=/portal/{there.collaboration.id}" in cookie
    assert "HttpOnly" in cookie
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_link_opens_one_collaboration_and_no_other(web: Web) -> None:
    mine = await scene(web.engine, stage="inviting")
    other = await scene(web.engine, stage="inviting")
    creator = await arrive(web, mine)
    cookie = next(iter(creator.http.cookies.jar))
    assert (await creator.http.get(f"/portal/{other.collaboration.id}")).status_code == 403
    header = {"Cookie": f"{cookie.name}={cookie.value}"}
    client = await web.browser()
    answer = await client.get(f"/portal/{other.collaboration.id}", headers=header)
    assert answer.status_code == 403
    token = web.links.portal(mine.collaboration.id).rpartition("/")[2]
    opt_out = web.links.opt_out(mine.collaboration.id).rpartition("/")[2]
    forged = Links(URL, "another secret of thirty-two bytes").portal(mine.collaboration.id)
    # In the middle of the signature: the last sign carries bits that mean nothing.
    spoiled = token[:-9] + ("B" if token[-9] == "A" else "A") + token[-8:]
    for bad in (token[:-1], spoiled, opt_out,
                forged.rpartition("/")[2], "x", "%00"):  # fmt: skip
        answer = await client.get(f"/c/{bad}")
        assert answer.status_code == 403, bad
        assert "set-cookie" not in answer.headers
    assert REFUSALS["link"] in (await client.get("/c/x")).text


async def test_looking_changes_nothing(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    before = await counts(web)
    creator = await arrive(web, there)
    for path in (
        creator.path,
        web.links.opt_out(there.collaboration.id),
        f"{creator.path}/answer_offer",
        f"{creator.path}/payout-setup",
        f"{creator.path}/check-draft",
    ):
        await creator.http.get(path)
        await creator.http.head(path)
    assert await counts(web) == before
    assert web.sender.decided == []
    async with session(web.engine) as db:
        assert not await is_suppressed(db, there.creator.email)


async def test_a_creator_says_yes(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    creator = await arrive(web, there)
    page = await creator.page()
    assert "300,00" in page
    answer = await creator.send("answer_offer", answer="interested")
    assert answer.status_code == 303
    kind, subject, ref = web.sender.decided[0]
    assert (kind, subject, ref.seen) == ("collaboration", there.collaboration.id, "1:30000")
    row = await last_decision(web)
    assert (row.actor_kind, row.actor_id) == ("creator", there.creator.id)
    assert row.choice["answer"] == "interested"


async def test_a_creator_who_was_contacted_by_hand_says_where_mails_shall_go(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting", email="")
    creator = await arrive(web, there)
    assert "Your e-mail address" in await creator.page()
    refused = await creator.send("answer_offer", answer="interested", email="jule at example")
    assert refused.status_code == 422
    assert "Please type your e-mail address" in refused.text
    assert 'value="jule at example"' in refused.text
    assert web.sender.decided == []
    await creator.send("answer_offer", answer="interested", email="jule@creators.example")
    async with session(web.engine) as db:
        row = await db.get_one(CreatorRow, there.creator.id)
    assert row.email == "jule@creators.example"
    assert (await last_decision(web)).choice["answer"] == "interested"
    assert "Your e-mail address" not in await creator.page()


async def test_whoever_says_no_by_hand_need_not_give_an_address(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting", email="")
    creator = await arrive(web, there)
    await creator.send("answer_offer", answer="no")
    assert (await last_decision(web)).choice["answer"] == "no"


async def test_a_creator_asks_for_another_fee(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    creator = await arrive(web, there)
    answer = await creator.send("answer_offer", answer="counter", amount="a lot", comment="Hm")
    assert answer.status_code == 422
    assert REFUSALS["bad_amount"][:30] in answer.text
    assert 'value="a lot"' in answer.text
    await creator.send("answer_offer", answer="counter", amount="420,50 EUR", comment="Hm")
    row = await last_decision(web)
    assert (row.choice["amount_minor"], row.comment) == (42_050, "Hm")


async def test_a_creator_signs_with_name_and_address(web: Web) -> None:
    there = await scene(web.engine, stage="contracting")
    async with session(web.engine) as db:
        terms = await builders.terms(db, there.collaboration, html="<h2>What is agreed</h2>")
    await open_again(web, there, ItemKind.TERMS, terms.digest)
    creator = await arrive(web, there)
    assert "<h2>What is agreed</h2>" in await creator.page()
    answer = await creator.send("sign_terms", answer="sign", typed_name="Jule Brandt")
    assert answer.status_code == 422
    await creator.send(
        "sign_terms", answer="sign", typed_name="Jule Brandt", address="Weg 1, 10115 Berlin"
    )
    async with session(web.engine) as db:
        signed = (await db.scalars(select(Signature))).one()
        assert (await db.get_one(Terms, signed.terms_id)).digest == terms.digest
    assert (signed.typed_name, signed.address) == ("Jule Brandt", "Weg 1, 10115 Berlin")
    assert (await last_decision(web)).choice["content_id"] == signed.id


async def open_again(web: Web, there: Scene, kind: ItemKind, seen: str, **parts: Any) -> None:
    async with session(web.engine) as db:
        await wait_for(db, kind, there.collaboration, there.campaign.id, seen=seen, **parts)


async def test_a_draft_is_checked_before_it_is_handed_in(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.SUBMIT, "1"), stage="drafting")
    creator = await arrive(web, there)
    form = form_of(await creator.page(), "submit_draft")
    before = await counts(web)
    answer = await creator.http.post(
        f"{creator.path}/check-draft", data=form | {"caption": "Look at my lamp"}
    )
    assert "Mention @lumen.skin" in answer.text
    assert "Look at my lamp" in answer.text
    assert await counts(web) == before


async def test_a_draft_without_its_label_is_not_taken(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.SUBMIT, "1"), stage="drafting")
    creator = await arrive(web, there)
    answer = await creator.send("submit_draft", caption="Mein Morgen mit @lumen.skin")
    assert answer.status_code == 422
    assert label_for("DE") in answer.text
    assert (await counts(web))["drafts"] == 0


async def test_a_draft_is_handed_in_with_what_the_checks_said(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.SUBMIT, "1"), stage="drafting")
    creator = await arrive(web, there)
    await creator.send("submit_draft", caption=CAPTION, media_note="a reel")
    async with session(web.engine) as db:
        draft = (await db.scalars(select(Draft))).one()
    assert (draft.caption, draft.media_note, draft.version) == (CAPTION, "a reel", None)
    assert {row["code"] for row in draft.prechecks} >= {"disclosure", "mention", "link"}
    assert (await last_decision(web)).choice["content_id"] == draft.id


async def test_a_post_is_reported_by_its_address(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.PUBLISH, "digest"), stage="publishing")
    creator = await arrive(web, there)
    answer = await creator.send("report_publication", url="https://evil.example/p/1")
    assert answer.status_code == 422
    assert (await counts(web))["publications"] == 0
    await creator.send("report_publication", url="https://www.instagram.com/p/CxAbC12_xyz/?igsh=1")
    async with session(web.engine) as db:
        post = (await db.scalars(select(Publication))).one()
    assert (post.platform, post.platform_post_id) == ("instagram", "CxAbC12_xyz")
    assert "igsh" not in post.url


async def test_faults_are_said_in_words(web: Web) -> None:
    there = await scene(web.engine, stage="publishing")
    await open_again(web, there, ItemKind.PUBLISH, "digest", code="no_disclosure,no_link")
    page = await (await arrive(web, there)).page()
    assert "The disclosure label is missing." in page
    assert "The personal link is missing." in page


async def test_a_creator_is_heard(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.STATEMENT, "3"), stage="retaining")
    creator = await arrive(web, there)
    await creator.send("object", statement="The platform removed it by mistake.")
    async with session(web.engine) as db:
        assert (await db.scalars(select(Statement))).one().text.startswith("The platform")


async def test_a_creator_withdraws_at_any_time(web: Web) -> None:
    there = await scene(web.engine, stage="reviewing")
    await (await arrive(web, there)).send("withdraw", comment="I am ill.")
    assert (await last_decision(web)).kind == "withdraw"


async def test_whoever_is_stopped_reads_why_in_the_words_of_the_manager(web: Web) -> None:
    there = await scene(web.engine, stage="closed")
    why = "The product is <not> made any more."
    async with session(web.engine) as db:
        row = await db.get_one(Collaboration, there.collaboration.id)
        row.outcome = "cancelled"
        for status, words in (("applied", why), ("refused", "Never applied.")):
            db.add(
                Decision(
                    id=f"dec_{status}", kind="cancel_collaboration", subject_kind="collaboration",
                    subject_id=row.id, actor_kind="staff", actor_id="stf_1", comment=words,
                    status=status, choice={}, created_at=builders.NOW,
                )
            )  # fmt: skip
    creator = await arrive(web, there)
    assert f'<div class="caption">{html.escape(why)}</div>' in await creator.page()
    assert "Never applied." not in await creator.page()
    async with session(web.engine) as db:
        (await db.get_one(Collaboration, row.id)).outcome = "withdrawn"
    assert "any more." not in await creator.page()


async def test_payment_set_up_goes_on_at_the_provider(web: Web) -> None:
    there = await signed(web)
    creator = await arrive(web, there)
    answer = await creator.send("payout_setup")
    assert (answer.status_code, answer.headers["location"]) == (303, web.sender.onboarding_url)
    assert "https://*.stripe.com" in answer.headers["content-security-policy"]
    (asked,) = web.sender.onboarding
    assert asked.collaboration_id == there.collaboration.id
    back = await creator.http.get(f"{creator.path}?setup=returned")
    assert "confirms your set-up" in back.text


async def test_without_temporal_the_payment_set_up_asks_to_come_back(web: Web) -> None:
    there = await signed(web)
    web.sender.reachable = False
    answer = await (await arrive(web, there)).send("payout_setup")
    assert answer.status_code == 503
    assert "try again" in answer.text


async def signed(web: Web) -> Scene:
    there = await scene(web.engine, (ItemKind.SUBMIT, "1"), stage="drafting")
    async with session(web.engine) as db:
        terms = await builders.terms(db, there.collaboration)
        signature = await builders.signature(db, terms)
        db.add(
            Decision(
                id="dec_signed", kind="sign_terms", subject_kind="collaboration",
                subject_id=there.collaboration.id, actor_kind="creator",
                actor_id=there.creator.id, seen=terms.digest, comment="", status="applied",
                choice={"kind": "sign_terms", "answer": "sign", "content_id": signature.id},
                created_at=builders.NOW,
            )
        )  # fmt: skip
    return there


async def test_what_was_asked_before_cannot_be_answered_now(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "2:30000"), stage="inviting")
    creator = await arrive(web, there)
    answer = await creator.send("answer_offer", answer="interested", seen="1:25000")
    assert answer.status_code == 422
    assert "not what is there now" in answer.text
    form = form_of(await creator.page(), "answer_offer")
    answer = await creator.http.post(f"{creator.path}/sign_terms", data=form | {"answer": "sign"})
    assert answer.status_code == 422
    assert web.sender.decided == []


async def test_a_form_needs_its_token_and_the_right_page(web: Web) -> None:
    mine = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    other = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    creator, stranger = await arrive(web, mine), await arrive(web, other)
    foreign = form_of(await stranger.page(), "answer_offer")["csrf"]
    for token in ("", "x", foreign):
        answer = await creator.send("answer_offer", answer="no", csrf=token)
        assert answer.status_code == 403
    assert (await counts(web))["decisions"] == 0


async def test_staff_decisions_cannot_be_taken_in_the_portal(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    creator = await arrive(web, there)
    form = form_of(await creator.page(), "answer_offer")
    for kind in ("release_payout", "review_draft", "opt_out", "nothing"):
        assert (await creator.http.post(f"{creator.path}/{kind}", data=form)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
async def test_one_click_is_enough_to_get_no_more_mail(web: Web, body: dict[str, str]) -> None:
    there = await scene(web.engine, stage="inviting")
    machine = await web.browser()
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    for _ in range(2):
        answer = await machine.post(
            web.links.opt_out(there.collaboration.id), data=body, headers=headers
        )
        assert answer.status_code == 200
    async with session(web.engine) as db:
        assert await is_suppressed(db, there.creator.email)
    assert [ref.kind.value for _, _, ref in web.sender.decided] == ["opt_out"]
    token = web.links.portal(there.collaboration.id).rpartition("/")[2]
    assert (await machine.post(f"/opt-out/{token}")).status_code == 403


async def test_what_people_write_stays_text(web: Web) -> None:
    nasty = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{7*7}}"
    there = await scene(web.engine, (ItemKind.SUBMIT, "2"), stage="drafting", name=nasty)
    async with session(web.engine) as db:
        await builders.draft(db, there.collaboration, caption=nasty, media_note=nasty, version=1)
    creator = await arrive(web, there)
    form = form_of(await creator.page(), "submit_draft")
    checked = await creator.http.post(
        f"{creator.path}/check-draft", data=form | {"caption": nasty, "media_note": nasty}
    )
    for page in (await creator.page(), checked.text):
        assert "<img" not in page
        assert "<script>" not in page
        assert "{{7*7}}" in page


async def test_an_answer_that_is_on_its_way_is_said_to_be(web: Web) -> None:
    web.sender.answer = None
    there = await scene(web.engine, (ItemKind.OFFER, "1:30000"), stage="inviting")
    creator = await arrive(web, there)
    answer = await creator.send("answer_offer", answer="interested")
    assert "is being applied" in (await creator.http.get(answer.headers["location"])).text
    web.sender.answer = DecisionResult(applied=False, code="too_late")
    answer = await creator.send("answer_offer", answer="no")
    assert "refused=too_late" in answer.headers["location"]


async def test_what_was_taken_back_is_undecided_until_a_person_says_why_it_is_not_owed(
    web: Web,
) -> None:
    there = await scene(web.engine, stage="retaining")
    async with session(web.engine) as db:
        of = there.collaboration
        paid = await builders.payout(db, of, status="transferred", reversed_minor=4_000)
        again = await builders.payout(
            db, of, kind="repayment", amount_minor=4_000, status="held",
            hold_reason="taken_back", again_of=paid.id,
        )  # fmt: skip
        person = await builders.staff(db, (Role.FINANCE,))
        choice = PlainChoice(kind=DecisionKind.CANCEL_PAYOUT)
        ref = await builders.decision(db, again, person, choice, comment="It was <twice>.")
    creator = await arrive(web, there)
    page = await creator.page()
    assert "decides whether it is paid to you again" in page
    assert "says why" not in page
    async with session(web.engine) as db:
        row = await db.get_one(Payout, again.id)
        row.status, row.hold_reason, row.sequence = "cancelled", None, 2
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
    page = await creator.page()
    assert "decides whether" not in page
    assert "What was decided stands below" in page
    assert "says why: “It was &lt;twice&gt;.”" in page


async def test_a_creator_whose_account_the_brand_paused_reads_so_and_is_asked_for_nothing(
    web: Web,
) -> None:
    there = await scene(web.engine, (ItemKind.SUBMIT, "1"), stage="drafting")
    async with session(web.engine) as db:
        who = await db.get_one(CreatorRow, there.creator.id)
        await builders.recipient(db, who, status="paused")
        await builders.payout(
            db, there.collaboration, status="transferred", bank_status="paused", transfer_id="tr_1"
        )
    creator = await arrive(web, there)
    page = (await creator.http.get(creator.path)).text
    assert "Your payments are paused" in page
    assert "has paused payouts from there to your bank" in page
    assert "Set up payments" not in page


async def test_a_creator_reads_why_each_payment_waits_and_is_asked_only_for_what_they_can_mend(
    web: Web,
) -> None:
    assert set(WAITS_AS_CREATORS_READ) == {each.value for each in HoldReason}
    there = await scene(web.engine, (ItemKind.SUBMIT, "1"), stage="drafting")
    async with session(web.engine) as db:
        who = await db.get_one(CreatorRow, there.creator.id)
        await builders.recipient(db, who, status="restricted", requirements=["account_rejected"])
        payout = await builders.payout(db, there.collaboration, status="held")
        terms = await builders.terms(db, there.collaboration)
        await builders.signature(db, terms)
    creator = await arrive(web, there)
    for reason, words in WAITS_AS_CREATORS_READ.items():
        async with session(web.engine) as db:
            (await db.get_one(Payout, payout.id)).hold_reason = reason
        page = html.unescape((await creator.http.get(creator.path)).text)
        assert words in page
        assert (", by " in page) == (reason != "taken_back")
    assert "Your account cannot be paid" in page
    assert "Set up payments" not in page
