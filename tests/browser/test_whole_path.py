"""The whole path in browsers alone, nobody simulated: from an empty desk to a creator paid twice.

Set TROUPE_PICTURES to a folder to keep pictures of every step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.child import CHECKOUT
from tests.browser.people import PATIENCE, People, people, told
from tests.local.running import remove, up

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CREATOR = "Ines Whoever"
PORTAL = re.compile(r"/portal/")

SMALLER = {
    "wanted: 14": "wanted: 1",
    "platforms: [instagram, tiktok, youtube]": "platforms: [tiktok]",
    "second_person_above: 200 EUR": "second_person_above: 20 EUR",
    "reply_within: 15 seconds": "reply_within: 10 minutes",
    "remind_after: [5 seconds]": "remind_after: [5 minutes]",
    "sign_within: 20 seconds": "sign_within: 10 minutes",
    "remind_after: [8 seconds]": "remind_after: [5 minutes]",
    "submit_within: 25 seconds": "submit_within: 10 minutes",
    "remind_after: [12 seconds]": "remind_after: [5 minutes]",
    "publish_within: 20 seconds": "publish_within: 10 minutes",
    "remind_after: [10 seconds]": "remind_after: [5 minutes]",
    "cure_within: 5 seconds\n  recheck_every": "cure_within: 10 minutes\n  recheck_every",
    "remind_after: 15 seconds": "remind_after: 5 minutes",
    "escalate_after: 30 seconds": "escalate_after: 8 minutes",
    "remind_after: 20 seconds": "remind_after: 5 minutes",
    "escalate_after: 40 seconds": "escalate_after: 8 minutes",
    "pay_within: 60 seconds": "pay_within: 10 minutes",
    "period: 8 seconds": "period: 4 seconds",
    "checks: [2 seconds, 5 seconds]": "checks: [1 second]",
    "final_check_after: 2 seconds": "final_check_after: 1 second",
    "cooling: 2 seconds": "cooling: 1 second",
}
"""The demonstration's campaign for one creator, with time for people and none for waiting."""


def campaign_file() -> str:
    text = (CHECKOUT / "examples" / "campaign-demo.yaml").read_text()
    for before, after in SMALLER.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


@pytest.fixture
def everybody(tmp_path: Path, chromium: Browser) -> Iterator[People]:
    """An empty stack, with everybody in front of it."""
    with up(tmp_path / "data") as running, people(running, chromium) as made:
        yield made
    remove(tmp_path / "data")


def test_a_campaign_goes_its_whole_way_in_browsers_alone(everybody: People) -> None:
    bring_the_roster(everybody)
    for login in ("manager", "reviewer", "finance-1", "finance-2"):
        everybody.sign_in(login)
    start_the_campaign(everybody)
    sign_off_the_shortlist(everybody)
    say_yes_and_sign(everybody)
    set_up_payments(everybody)
    hand_in_a_draft(everybody)
    approve_the_draft(everybody)
    publish_and_report(everybody)
    release_by_two(everybody)
    creator = everybody.page("creator")
    expect(everybody.read_mail("is on its way").locator("h1")).to_be_visible()
    release_by_two(everybody)
    read_the_report(everybody)
    creator.reload()
    expect(creator.get_by_role("heading", name="All done. Thank you!")).to_be_visible()
    everybody.picture(creator, "portal done")
    assert everybody.complaints() == {}


def bring_the_roster(all_: People) -> None:
    assert " new" in all_.up.troupe("roster", "import", "examples/roster.csv")
    assert " new" in all_.up.troupe("posts", "import", "examples/posts.csv")


def start_the_campaign(all_: People) -> None:
    page = all_.page("manager")
    all_.picture(page, "inbox empty")
    page.get_by_role("link", name="Campaigns", exact=True).click()
    all_.picture(page, "campaigns empty")
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("or paste it").fill(campaign_file().replace("markets: [DE", "markets: [XX"))
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert")).to_contain_text("markets")
    all_.picture(page, "campaign mistakes")
    page.get_by_label("or paste it").fill(campaign_file())
    page.get_by_role("button", name="Check the file").click()
    all_.picture(page, "campaign confirm")
    page.get_by_role("button", name="Start the campaign").click()
    page.wait_for_url(re.compile(r"/campaigns/[^/]+$|/campaigns/[^/]+\?"))
    all_.picture(page, "campaign begun")


def sign_off_the_shortlist(all_: People) -> None:
    page = all_.open_item("manager", "Sign off the shortlist")
    all_.picture(page, "shortlist")
    page.get_by_role("button", name="Sign off 1 creator").click()
    told(page, "Shortlist signed off")
    all_.picture(page, "after sign off")


def say_yes_and_sign(all_: People) -> None:
    mail = all_.read_mail("Lumen & Leaf")
    link = mail.frame_locator("iframe").get_by_role("link").first
    link.click()
    mail.wait_for_url(PORTAL)
    all_.looks["creator"] = all_.looks.pop("mail")
    page = all_.page("creator")
    all_.picture(page, "portal offer")
    page.get_by_role("button", name="is fine").click()
    told(page, "The terms are on their way")
    all_.picture(page, "portal after yes")
    comes(page, "The terms")
    all_.picture(page, "portal terms")
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_role("alert")).to_contain_text("full name")
    all_.picture(page, "portal terms problem")
    page.get_by_label("Your full name").fill(CREATOR)
    page.get_by_label("Your postal address").fill("Example Street 1, 10115 Berlin")
    page.get_by_role("button", name="Sign").click()
    told(page, "Signed")
    all_.picture(page, "portal signed")


def comes(page: Page, heading: str) -> None:
    """Wait without touching anything: the page finds out by itself what it has to ask."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=45_000)


def set_up_payments(all_: People) -> None:
    page = all_.page("creator")
    comes(page, "Set up your payments")
    page.get_by_role("button", name="Set up payments").click()
    all_.picture(page, "stripe")
    page.get_by_role("button", name="Finish onboarding").click()
    page.wait_for_url(PORTAL)
    all_.picture(page, "portal after stripe")
    for _ in range(60):
        # The provider's word comes by webhook, a moment after the creator.
        if not page.get_by_role("heading", name="Set up your payments").is_visible():
            return
        page.wait_for_timeout(500)
        page.goto(page.url.partition("?")[0])
    pytest.fail("the set-up was never confirmed")


def caption_of(page: Page, label: str) -> str:
    pasted = page.locator(".paste").all_inner_texts()
    return "\n".join([label, "Three drops, daylight, nothing else.", *pasted[1:]]).strip()


def hand_in_a_draft(all_: People) -> None:
    page = all_.page("creator")
    comes(page, "Hand in your draft")
    page.get_by_label("Caption").fill(caption_of(page, ""))
    page.get_by_role("button", name="Check it first").click()
    all_.picture(page, "portal draft checked")
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_role("alert")).to_contain_text("label is missing")
    all_.picture(page, "portal draft without label")
    label = page.locator(".paste").first.inner_text()
    page.get_by_label("Caption").fill(caption_of(page, label))
    page.get_by_label("Picture or video").fill("One take at the window.")
    page.get_by_role("button", name="Hand it in").click()
    told(page, "Your draft is with the brand")
    all_.picture(page, "portal draft handed in")


def approve_the_draft(all_: People) -> None:
    page = all_.open_item("reviewer", "Review version 1")
    all_.picture(page, "draft")
    page.get_by_role("button", name="Approve").click()
    told(page, "Draft approved")
    all_.picture(page, "after approval")


def publish_and_report(all_: People) -> None:
    page, site = all_.page("creator"), all_.page("platform")
    comes(page, "Approved. Time to publish!")
    all_.picture(page, "portal publish")
    page.get_by_label("Address of your post").fill(publish(all_, site, page, "youtube"))
    page.get_by_role("button", name="It is live").click()
    expect(page.get_by_role("alert")).to_contain_text("publish it there")
    url = publish(all_, site, page, "tiktok")
    page.get_by_label("Address of your post").fill("my post is great")
    page.get_by_role("button", name="It is live").click()
    expect(page.get_by_role("alert")).to_contain_text("The address")
    all_.picture(page, "portal publish problem")
    page.get_by_label("Address of your post").fill(url)
    page.get_by_role("button", name="It is live").click()
    told(page, "The post is being checked")
    all_.picture(page, "portal reported")


def publish(all_: People, site: Page, portal: Page, platform: str) -> str:
    """Publish the approved caption by the platform's own form; the answer is the address."""
    site.goto(all_.up.address("social"))
    site.get_by_label("Platform").first.select_option(platform)
    site.get_by_label("Your handle").fill(portal.title().partition("@")[2].strip())
    site.get_by_label("Caption").fill(portal.locator(".ask .caption").inner_text())
    all_.picture(site, "social form")
    site.get_by_role("button", name="Publish").click()
    all_.picture(site, "social post")
    return site.get_by_label("Address of this post").input_value()


def release_by_two(all_: People) -> None:
    page = all_.open_item("finance-1", "Release ")
    all_.picture(page, "release")
    page.get_by_role("button", name="Release").first.click()
    told(page, "release|Release")
    all_.picture(page, "after first release")
    page = all_.open_item("finance-2", "as the second person")
    all_.picture(page, "release second")
    page.get_by_role("button", name="Release").first.click()
    told(page, "You have released the payment")
    all_.picture(page, "after second release")


def read_the_report(all_: People) -> None:
    page = all_.page("manager")
    page.goto(f"{all_.up.address('desk')}/campaigns")
    page.get_by_role("link", name=re.compile("Lumen & Leaf")).first.click()
    page.get_by_role("link", name="Read the report").wait_for(timeout=2 * PATIENCE)
    all_.picture(page, "campaign done")
    page.goto(f"{all_.up.address('desk')}/payments")
    all_.picture(page, "payments")
    page.go_back()
    page.get_by_role("link", name="Read the report").click()
    expect(page.locator("h1")).to_be_visible()
    all_.picture(page, "report")
