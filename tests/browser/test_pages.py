"""Every page in Chromium: readable for everybody, nothing sideways, no breach of the policy."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Look
from tests.browser.serving import Site

pytestmark = pytest.mark.browser

WIDTHS = (320, 1280)
BEYOND_ITS_CARD = """[...document.querySelectorAll('.card table')]
    .filter(table => table.getBoundingClientRect().right
        > table.closest('.card').getBoundingClientRect().right + 1)
    .map(table => table.caption?.textContent ?? '')"""
RULES: dict[str, object] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
}
OF_LOOKS: dict[str, object] = {
    "runOnly": {
        "type": "rule",
        "values": [
            "color-contrast",
            "target-size",
            "scrollable-region-focusable",
            "link-in-text-block",
        ],
    }
}
"""What depends on light and width; everything else was checked in the first look."""
ONLY_BREACHES: dict[str, object] = {"resultTypes": ["violations"]}


def check(look: Look, name: str) -> None:
    """A page for everybody: in light on a desk, then in the dark on a telephone."""
    page = look.page
    found = Axe().run(page, options=RULES | ONLY_BREACHES).response
    assert breaches(found) == [], name
    page.emulate_media(color_scheme="dark")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        sideways = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert sideways <= 0, f"{name} scrolls sideways by {sideways} px at {width} px"
        beyond = page.evaluate(BEYOND_ITS_CARD)
        assert beyond == [], f"{name} has a table beyond its card at {width} px"
        if width == min(WIDTHS):
            found = page.evaluate("asked => axe.run(document, asked)", OF_LOOKS | ONLY_BREACHES)
            assert breaches(found) == [], f"{name}, dark and at {width} px"
    page.emulate_media(color_scheme="light")
    assert look.complaints == [], name


def breaches(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The rules that a page breaks, each with the first of the places."""
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]


def test_every_page_of_the_desk_is_for_everybody(still: Look, site: Site) -> None:
    still.page.goto(f"{site.url}/login")
    check(still, "login")
    still.sign_in(site.url)
    for name, path in site.pages.items():
        answer = still.page.goto(site.url + path)
        assert answer is not None
        assert answer.status == 200, name
        check(still, name)


def test_every_page_of_a_creator_is_for_everybody(still: Look, site: Site) -> None:
    for stage, link in site.portal.items():
        answer = still.page.goto(link)
        assert answer is not None
        assert answer.status == 200, stage
        check(still, stage)


def test_every_page_of_a_brand_that_pays_by_bank_is_for_everybody(still: Look, bank: Site) -> None:
    still.sign_in(bank.url)
    for name, path in [*bank.pages.items(), *bank.portal.items()]:
        answer = still.page.goto(path if name in bank.portal else bank.url + path)
        assert answer is not None
        assert answer.status == 200, name
        check(still, name)


def test_the_inbox_is_walked_with_the_keyboard(wide: Look, site: Site) -> None:
    wide.sign_in(site.url)
    page = wide.page
    rows = page.locator("[data-row]")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/**")


def test_a_draft_is_reviewed_with_the_keyboard(wide: Look, site: Site) -> None:
    wide.sign_in(site.url)
    page = wide.page
    page.goto(site.url + site.pages["item_draft"])
    page.keyboard.press("r")
    expect(page.locator("textarea[name=comment]")).to_be_focused()
    page.keyboard.type("a reason with j, k and a in it")
    expect(page.locator("textarea[name=comment]")).to_have_value("a reason with j, k and a in it")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()


def test_single_keys_can_be_turned_off(wide: Look, site: Site) -> None:
    wide.sign_in(site.url)
    page = wide.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Single keys are on in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("[data-row]").nth(0)).not_to_be_focused()


def test_a_refresh_of_the_inbox_leaves_the_focus_alone(wide: Look, site: Site) -> None:
    wide.sign_in(site.url)
    page = wide.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    with page.expect_response(lambda answer: answer.url == f"{site.url}/", timeout=15_000):
        pass
    page.wait_for_function("document.querySelector('#inbox h1') !== null")
    assert page.evaluate("document.activeElement.getAttribute('href')") == focused
    assert page.title().startswith("(")
    assert wide.complaints == []


def test_enter_in_the_amount_never_says_yes(wide: Look, site: Site) -> None:
    page = wide.page
    page.goto(site.portal["inviting"])
    page.get_by_text("I would like another fee").click()
    page.get_by_label("Your fee").fill("nothing sensible")
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        page.keyboard.press("Enter")
    assert posted.value.status == 422
    expect(page.get_by_role("alert")).to_contain_text("amount")


def test_everything_works_without_scripts(scriptless: Look, site: Site) -> None:
    scriptless.sign_in(site.url)
    page = scriptless.page
    page.goto(site.url + site.pages["item_publication"])
    page.get_by_role("button", name="It is right").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(site.portal["drafting"])
    page.get_by_label("Caption").fill("Look at this")
    page.get_by_role("button", name="Check it first").click()
    expect(page.get_by_role("status")).to_contain_text("Mention @lumen.skin")
    expect(page.get_by_label("Caption")).to_have_value("Look at this")
