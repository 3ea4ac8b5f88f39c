"""Every label of every country, and the texts that only look like one."""

from __future__ import annotations

import pytest

from domain.disclosure import REJECTED_EVERYWHERE, RULE_VERSION, RULES, check_disclosure, label_for

BODY = "Loving my new lamp from the shop around the corner, warm light and no glare."
BRANDS = ("Acme", "Acme Home", "Müller & Söhne", "@acme.lamps")


def _labels(worth: str) -> list[tuple[str, str]]:
    return [(country, label) for country, rule in RULES.items() for label in getattr(rule, worth)]


def _written(label: str, brand: str) -> str:
    name = brand.removeprefix("@")
    if "{brand}" in label and (" " not in label):
        name = "".join(char for char in name if char.isalnum())
    return label.rpartition(":")[2].replace("{brand}", name)


def _forms(label: str) -> list[str]:
    plain = label.removeprefix("#")
    forms = [plain, plain.upper(), plain.capitalize(), f"✨ {plain}:", f"[{plain}]"]
    if not plain.startswith("@"):
        forms.append("#" + plain.replace(" ", ""))
    return forms


@pytest.mark.parametrize(("country", "label"), _labels("accepted"))
def test_an_accepted_label_at_the_start_passes(country: str, label: str) -> None:
    for brand in BRANDS:
        for form in _forms(_written(label, brand)):
            found = check_disclosure(f"{form} {BODY}", country, brand)
            assert found.verdict == "pass", (form, found)
            assert found.rule_version == RULE_VERSION
            assert check_disclosure(form, country, brand).verdict == "pass", form


@pytest.mark.parametrize(("country", "label"), _labels("accepted"))
def test_an_accepted_label_late_in_the_text_is_for_a_person(country: str, label: str) -> None:
    for ending in (
        _written(label, "Acme"),
        "#" + _written(label, "Acme").lstrip("#").replace(" ", ""),
    ):
        found = check_disclosure(f"{BODY} {BODY} {BODY} {ending}", country, "Acme")
        assert found.verdict == "review", (ending, found)
        assert "late_label" in found.codes
        assert any("too late" in reason for reason in found.reasons)


@pytest.mark.parametrize(("country", "label"), _labels("weak"))
def test_a_weak_label_is_for_a_person(country: str, label: str) -> None:
    for brand in BRANDS:
        for form in _forms(_written(label, brand)):
            found = check_disclosure(f"{form} {BODY}", country, brand)
            assert found.verdict == "review", (form, found)
            assert found.label


@pytest.mark.parametrize(("country", "label"), _labels("rejected"))
def test_a_rejected_label_fails_and_is_named(country: str, label: str) -> None:
    for brand in BRANDS:
        for form in _forms(_written(label, brand)):
            found = check_disclosure(f"{form} {BODY}", country, brand)
            assert found.verdict == "fail", (form, found)
            assert found.codes == ("rejected_label",), (form, found)


@pytest.mark.parametrize("country", RULES)
def test_labels_that_no_country_takes_fail_unless_the_country_says_otherwise(country: str) -> None:
    rule = RULES[country]
    own = {label.lstrip("#") for label in (*rule.accepted, *rule.weak)}
    for label in REJECTED_EVERYWHERE:
        expected = "fail" if label not in own else ("pass", "review")
        assert check_disclosure(f"#{label} {BODY}", country, "Acme").verdict in expected, label


@pytest.mark.parametrize("country", RULES)
def test_the_label_printed_in_the_brief_passes(country: str) -> None:
    assert check_disclosure(f"{label_for(country)} {BODY}", country, "Acme").verdict == "pass"


@pytest.mark.parametrize("country", RULES)
@pytest.mark.parametrize(
    "text",
    [
        BODY,
        "",
        "#adventure awaits, #adidas and #address",
        "Ad agency life: coffee and deadlines.",
        "The adverts in the tube were funny, an advertiser's dream, madvert.",
        "Bad ad-blockers and ad-free music at ad.example",
        "Not an ad, I bought it myself.",
        "Not sponsored, no advertisement, keine Werbung, geen reclame, non è pubblicità",
        "#notanad #noad #unsponsored",
        "Read more at https://ad.example/ad/pub?x=1",
    ],
)
def test_texts_that_only_look_like_a_label_fail(country: str, text: str) -> None:
    found = check_disclosure(text, country, "Acme")
    assert found.verdict == "fail", found
    assert found.reasons[0]


@pytest.mark.parametrize(
    ("country", "text", "verdict", "code"),
    [
        ("GB", f"Gifted lamp. {BODY} #ad", "review", "late_label"),
        ("GB", f"{BODY} #ad", "review", "late_label"),
        ("US", f"{BODY} #ad", "pass", "accepted"),
        ("US", "Nice lamp #home #ad #cozy #light", "review", "in_hashtags"),
        ("NL", "Fijne lamp #wonen #ad #licht #thuis", "fail", "in_hashtags"),
        ("IT", "#casa #luce #pubblicità che bella", "pass", "accepted"),
        ("IT", "#casa #luce #sole #pubblicità che bella", "review", "in_hashtags"),
        ("GB", "Ad – gifted: my new lamp", "review", "weak_label"),
        ("GB", "Ad 🎁 gifted: my new lamp", "review", "weak_label"),
        ("DE", "Werbung/Anzeige: meine Lampe", "pass", "accepted"),
        ("CA", "Pub quiz tonight!", "fail", "no_label"),
        ("IN", "Employee of the month", "fail", "no_label"),
        ("IN", "Collaboration is the key to a good kitchen", "fail", "no_label"),
        ("GB", "@acme Ad: my new lamp", "pass", "accepted"),
        ("US", "Paid partnership: my new lamp", "review", "platform_label_only"),
        ("US", "Paid partnership with @acme – my new lamp", "pass", "accepted"),
        ("FR", "Partenariat rémunéré avec Acme", "review", "weak_label"),
        ("FR", "#Publicite ma nouvelle lampe", "pass", "accepted"),
        ("FR", "ＰＵＢＬＩＣＩＴÉ | ma lampe", "pass", "accepted"),
        ("DE", "W\u200berbung meine Lampe", "pass", "accepted"),
        ("DE", "Wer🌟bung meine Lampe", "fail", "no_label"),
        ("DE", "#ad meine Lampe", "fail", "rejected_label"),
        ("DE", "#ad #Werbung meine Lampe", "pass", "accepted"),
        ("GB", "#werbung my lamp", "review", "unlisted_label"),
        ("CA", "#pub ma nouvelle lampe est dans le salon et je suis avec les enfants", "pass",
         "accepted"),
        ("CA", "#ad ma nouvelle lampe est dans le salon et je suis avec les enfants", "review",
         "wrong_language"),
        ("US", "My favourite lamp of the whole year is the ad", "review", "late_label"),
        ("IN", f"Line one\nline two\n#ad {BODY}", "review", "late_label"),
        ("IN", f"Line one\n#ad {BODY}", "pass", "accepted"),
    ],
)  # fmt: skip
def test_place_form_and_language_decide(country: str, text: str, verdict: str, code: str) -> None:
    found = check_disclosure(text, country, "Acme")
    assert (found.verdict, found.codes) == (verdict, (code,)), found


def test_the_platform_label_alone_is_judged_by_country() -> None:
    verdicts = {
        country: check_disclosure(BODY, country, "Acme", platform_label=True).verdict
        for country in RULES
    }
    assert verdicts["IE"] == "pass"
    assert {verdicts[c] for c in ("US", "GB", "FR", "DE", "IT")} == {"review"}
    assert check_disclosure(BODY, "IE", "Acme", platform_label=False).verdict == "fail"


def test_an_unknown_country_never_passes() -> None:
    assert check_disclosure(f"#ad {BODY}", "ZZ", "Acme").verdict == "review"
    found = check_disclosure(BODY, "ZZ", "Acme")
    assert found.verdict == "fail"
    assert any("no disclosure rule" in reason for reason in found.reasons)


def test_a_french_canadian_brief_prints_the_french_label() -> None:
    assert label_for("CA", "fr") == "#pub"
    assert label_for("CA") == "#ad"
    assert label_for("de") == label_for("DE")
