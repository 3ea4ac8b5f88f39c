"""The staff: who can sign in, and who no longer can."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, Type
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import NotFound, UserMistake
from domain.lifecycle import Role
from store import staff
from store.engine import session
from store.tables import DeskSession, Staff
from tests.builders import NOW

PASSWORD = "a long enough password"


async def hired(engine: AsyncEngine, email: str = "Noor@Brand.example") -> str:
    async with session(engine) as db:
        return await staff.create_staff(
            db, email=email, name="Noor", roles=[Role.FINANCE], password=PASSWORD, at=NOW
        )


async def test_somebody_signs_in_with_the_right_password_only(engine: AsyncEngine) -> None:
    staff_id = await hired(engine)
    async with session(engine) as db:
        person = await staff.authenticate(db, " noor@brand.EXAMPLE ", PASSWORD)
        assert person is not None
        assert (person.id, person.roles) == (staff_id, ["finance"])
        assert PASSWORD not in person.password_hash
        assert await staff.authenticate(db, "noor@brand.example", "something else") is None
        assert await staff.authenticate(db, "nobody@brand.example", PASSWORD) is None


async def test_somebody_who_has_left_cannot_sign_in(engine: AsyncEngine) -> None:
    staff_id = await hired(engine)
    async with session(engine) as db:
        db.add(
            DeskSession(
                token_hash="0" * 64,
                staff_id=staff_id,
                csrf="c",
                created_at=NOW,
                seen_at=NOW,
                expires_at=NOW,
            )
        )
    async with session(engine) as db:
        await staff.deactivate(db, staff_id)
    async with session(engine) as db:
        assert await staff.authenticate(db, "noor@brand.example", PASSWORD) is None
        assert await db.get(DeskSession, "0" * 64) is None
        assert [row.active for row in await staff.list_staff(db)] == [False]


async def test_a_new_password_replaces_the_old_one(engine: AsyncEngine) -> None:
    staff_id = await hired(engine)
    async with session(engine) as db:
        await staff.update_staff(
            db, staff_id, password="another long password", roles=[Role.MANAGER], name="N. H."
        )
    async with session(engine) as db:
        assert await staff.authenticate(db, "noor@brand.example", PASSWORD) is None
        row = await db.get_one(Staff, staff_id)
        assert (row.name, row.roles) == ("N. H.", ["manager"])


async def test_mistakes_are_named(engine: AsyncEngine) -> None:
    await hired(engine)
    with pytest.raises(UserMistake, match="taken"):
        await hired(engine, "noor@brand.example")
    async with session(engine) as db:
        for roles, password, message in (
            ([Role.CREATOR], PASSWORD, "role"),
            ([], PASSWORD, "role"),
            ([Role.MANAGER], "short", "characters"),
        ):
            with pytest.raises(UserMistake, match=message):
                await staff.create_staff(
                    db, email="x@y.example", name="X", roles=roles, password=password, at=NOW
                )
        with pytest.raises(NotFound):
            await staff.deactivate(db, "stf_nobody")


def test_passwords_are_as_hard_to_guess_as_is_recommended(real_hasher: PasswordHasher) -> None:
    # The OWASP Password Storage Cheat Sheet's least for Argon2id: 19 MiB, two passes.
    assert real_hasher.type is Type.ID
    assert real_hasher.memory_cost >= 19 * 1024
    assert real_hasher.time_cost >= 2
