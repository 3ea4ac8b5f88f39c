"""What people see of the stand-in. Every page says that nothing of it is Stripe."""

from __future__ import annotations

from html import escape
from typing import Any

from local.stripe_standin import shapes
from local.stripe_standin.shapes import Json

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem;
       color: #1c1b22; background: #fff; }
.band { background: #8a3b00; color: #fff; padding: .5rem 1rem; border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
button { font: inherit; padding: .5rem 1rem; border-radius: .4rem; border: 1px solid #444;
         background: #fff; cursor: pointer; }
button.first { background: #1f4fbf; border-color: #1f4fbf; color: #fff; }
code { font-size: .9em; }
"""

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"


def onboarding(token: str, session: str) -> str:
    """The page on which a creator finishes the set-up."""
    return _page(
        "Set up payments",
        f"""<h1>Set up payments</h1>
<p>At Stripe, you would now prove who you are and name your bank account. Here, one click stands
for all of it. Nothing is asked and nothing is kept.</p>
<form method="post" action="/setup/{escape(token)}">
<input type="hidden" name="session" value="{escape(session)}">
<p><button class="first" name="choice" value="finish">Finish onboarding</button>
<button name="choice" value="leave">Leave without finishing</button></p>
</form>""",
    )


def gone() -> str:
    """A form that was sent twice, or a link that nobody made."""
    return _page(
        "Link not valid",
        "<h1>This link is not valid</h1><p>It was used already or was never made. "
        "Please ask for a new one where you came from.</p>",
    )


def overview(
    accounts: list[Json], transfers: list[Json], balance: dict[str, int],
    deliveries: list[dict[str, Any]],
) -> str:  # fmt: skip
    """Everything that the stand-in has done."""
    waiting = sum(1 for item in deliveries if item["next_at"] is not None)
    money = ", ".join(f"{amount} {currency.upper()}" for currency, amount in balance.items())
    return _page(
        "Overview",
        f"""<h1>What this stand-in has done</h1>
<p>Balance of the platform, in smallest units: {escape(money)}. Webhooks: {len(deliveries)} events,
{waiting} not delivered yet.</p>
{_table("Accounts", ("account", "may receive money", "creator"), map(_account_row, accounts))}
{_table("Transfers", ("transfer", "amount", "to", "group", "made"), map(_transfer_row, transfers))}
""",
    )


def _account_row(body: Json) -> tuple[str, ...]:
    status = "closed" if body["closed"] else shapes.capability_status(body)
    return body["id"], status, str(body["metadata"].get("creator", ""))


def _transfer_row(body: Json) -> tuple[str, ...]:
    return (
        body["id"],
        f"{body['amount']} {body['currency'].upper()}",
        str(body["destination"]),
        str(body["transfer_group"] or ""),
        shapes.rfc3339(body["created"]),
    )


def _table(caption: str, heads: tuple[str, ...], rows: Any) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td><code>{escape(cell)}</code></td>" for cell in row) + "</tr>"
        for row in rows
    )
    empty = f'<tr><td colspan="{len(heads)}">none yet</td></tr>'
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body or empty}</tbody></table><p></p>"
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} (simulated – not Stripe)</title><style>{_STYLE}</style></head>
<body><p class="band" role="note"><strong>simulated – not Stripe</strong>: this page stands in for
Stripe on this machine. No money moves.</p><main>{body}</main></body></html>
"""
