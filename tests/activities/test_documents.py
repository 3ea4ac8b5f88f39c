"""Terms are written once per version, and the digest is of the words."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from activities.documents import Documents
from domain.errors import ContentConflict, NotFound
from domain.ids import derived_id
from domain.messages import TermsRequest
from store import terms
from store.engine import session
from store.tables import Creator, Terms
from tests.fixtures.mail import MailDesk


def request(version: int = 1, fee_minor: int = 62_500) -> TermsRequest:
    return TermsRequest(collaboration_id="col_1", version=version, fee_minor=fee_minor)


async def kept(desk: MailDesk) -> list[Terms]:
    async with session(desk.engine) as work:
        return list(await work.scalars(select(Terms).order_by(Terms.version)))


async def test_rendering_again_gives_the_same_document(mail_desk: MailDesk) -> None:
    documents = Documents(mail_desk.engine)
    first = await documents.render_terms(request())
    await mail_desk.change(Creator, "cre_1", name="Somebody else")
    assert await documents.render_terms(request()) == first
    assert len(await kept(mail_desk)) == 1


async def test_attempts_at_the_same_time_agree(mail_desk: MailDesk) -> None:
    documents = Documents(mail_desk.engine)
    ready = await asyncio.gather(*(documents.render_terms(request()) for _ in range(4)))
    assert len({r.digest for r in ready}) == 1


async def test_a_version_cannot_be_written_for_another_fee(mail_desk: MailDesk) -> None:
    documents = Documents(mail_desk.engine)
    await documents.render_terms(request())
    with pytest.raises(ContentConflict):
        await documents.render_terms(request(fee_minor=70_000))


async def test_the_same_words_have_the_same_digest_and_other_words_another(
    mail_desk: MailDesk,
) -> None:
    documents = Documents(mail_desk.engine)
    first = await documents.render_terms(request(1, 62_500))
    second = await documents.render_terms(request(2, 62_500))
    third = await documents.render_terms(request(3, 70_000))
    assert first == second != third


async def test_the_digest_can_be_proved_from_what_is_kept(mail_desk: MailDesk) -> None:
    ready = await Documents(mail_desk.engine).render_terms(request())
    async with session(mail_desk.engine) as work:
        row = await work.get_one(Terms, derived_id("trm", "col_1", "1"))
    assert terms.digest_of("salt", row.html) == ready.digest == row.digest


async def test_unknown_collaborations_have_no_terms(mail_desk: MailDesk) -> None:
    with pytest.raises(NotFound):
        await Documents(mail_desk.engine).render_terms(
            TermsRequest(collaboration_id="col_none", version=1, fee_minor=1)
        )
