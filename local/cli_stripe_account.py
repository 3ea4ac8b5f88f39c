"""`troupe payouts stripe-account`: from which Stripe account payments are made, and from now on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotAllowed, UserMistake
from local.cli_proof import NotProved, ask_password
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, out, print_json, run_async, target
from store import rail_accounts, rail_stops
from store import staff as people
from store.engine import session
from store.tables import RailAccount
from web.rail import RESUMERS

_ACCOUNT = re.compile(r"acct_[A-Za-z0-9_]{4,60}")

Listed = Sequence[tuple[RailAccount, str | None]]


def stripe_account(
    change_to: Annotated[
        str, typer.Option(help="Pay from this account from now on, like acct_1ABC.")
    ] = "",
    place: Annotated[
        str, typer.Option(help="live, test or stand-in; needed if several are known.")
    ] = "",
    who: Annotated[str, typer.Option("--as", help="Who says so, by e-mail address.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show of which Stripe account keys have to be, or say that it is another one from now on.

    It is refused while it is not known of an attempt whether it has paid.
    """
    if change_to and not _ACCOUNT.fullmatch(change_to):
        raise UserMistake(f"{change_to} is no account of Stripe", hint="its id begins with acct_")
    if change_to and not who:
        raise UserMistake("who says so is missing", hint="--as, with an e-mail address")

    async def work() -> Listed:
        async with target(data) as stack, session(stack.engine) as db:
            if change_to:
                await _change(db, place or await _only_place(db), change_to, who)
            return await rail_accounts.every(db)

    rows = run_async(work())
    if as_json:
        print_json({"accounts": [_as_json(row, named_by) for row, named_by in rows]})
        return
    if not rows:
        out.print("No key of Stripe has been used yet.")
    for row, named_by in rows:
        said = f"as {escape(named_by)} said" if named_by else "as the first key said"
        out.print(f"{row.place}: {row.account_id} since {row.since:%Y-%m-%d %H:%M} UTC, {said}")


async def _change(db: AsyncSession, place: str, account_id: str, who: str) -> None:
    person = await people.authenticate(db, who, ask_password(who))
    if person is None:
        raise NotProved(f"{who} cannot sign in with this password")
    if not set(RESUMERS) & set(person.roles):
        raise NotAllowed(f"{who} may not do that: it needs the role {' or '.join(RESUMERS)}")
    await rail_accounts.change(db, place, account_id, person.id, now())
    # Payments stand still because of the new key: they go on with it, or stop again.
    if stop := await rail_stops.current(db):
        await rail_stops.resume(db, stop.id, now(), person.id)


async def _only_place(db: AsyncSession) -> str:
    places = {row.place for row, _ in await rail_accounts.every(db)}
    if len(places) != 1:
        raise UserMistake(
            "which account is to change is not clear" if places else "no key was used yet",
            hint="--place live, test or stand-in",
        )
    return places.pop()


def _as_json(row: RailAccount, named_by: str | None) -> dict[str, str | None]:
    return {
        "place": row.place,
        "account": row.account_id,
        "since": row.since.isoformat(),
        "named_by": named_by,
    }
