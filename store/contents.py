"""What a choice refers to: a signature, a draft, a publication, a statement, wishes.

The rows are written before the decision and mean nothing until it is applied; here they are
looked at for the last time, so that nobody decides with somebody else's content.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import (
    Choice,
    DraftChoice,
    Objection,
    PublicationChoice,
    ResolveChoice,
    SettleChoice,
    TermsChoice,
)
from store import wishes
from store.duties import Refused
from store.streams import Entity
from store.tables import (
    Campaign,
    Claim,
    Collaboration,
    Draft,
    OtherPayment,
    Publication,
    Signature,
    Statement,
    Terms,
)


async def take_content(session: AsyncSession, entity: Entity, choice: Choice) -> str:
    """Check that the content is this collaboration's, and say by which digest it is known.

    Returns:
        The signed terms' or the draft's digest, the publication's id, or empty.

    Raises:
        Refused: ``unknown_content``, ``stale`` for terms that were offered anew, or why wishes
            about a shortlist cannot be had.
    """
    match choice:
        case TermsChoice(answer="sign"):
            return await _signed_terms(session, _collaboration(entity), choice.content_id)
        case DraftChoice():
            return await _handed_in(session, _collaboration(entity), choice.content_id)
        case PublicationChoice():
            publication = await session.get(Publication, choice.content_id)
            if publication is None or publication.collaboration_id != entity.id:
                raise Refused("unknown_content")
            return publication.id
        case Objection():
            statement = await session.get(Statement, choice.content_id)
            of = entity.collaboration_id if isinstance(entity, Claim) else entity.id
            if statement is None or statement.collaboration_id != of:
                raise Refused("unknown_content")
            return ""
        case ResolveChoice():
            if not isinstance(entity, Campaign):
                raise Refused("unknown_content")
            await wishes.take(session, entity, choice.content_id)
            return ""
        case SettleChoice(answer="elsewhere"):
            other = await session.get(OtherPayment, choice.content_id)
            if other is None or other.payout_id != entity.id:
                raise Refused("unknown_content")
            return ""
        case _:
            return ""


def _collaboration(entity: Entity) -> Collaboration:
    if not isinstance(entity, Collaboration):
        raise Refused("unknown_content")
    return entity


async def _signed_terms(
    session: AsyncSession, collaboration: Collaboration, signature_id: str
) -> str:
    signed = await session.scalar(
        select(Terms)
        .join(Signature, Signature.terms_id == Terms.id)
        .where(Signature.id == signature_id, Terms.collaboration_id == collaboration.id)
    )
    if signed is None:
        raise Refused("unknown_content")
    latest = await session.scalar(
        select(Terms.digest)
        .where(Terms.collaboration_id == collaboration.id)
        .order_by(Terms.version.desc())
        .limit(1)
    )
    if signed.digest != latest:
        raise Refused("stale")
    return signed.digest


async def _handed_in(session: AsyncSession, collaboration: Collaboration, draft_id: str) -> str:
    """Give the draft its number: it is a version of the collaboration from now on."""
    draft = await session.get(Draft, draft_id, with_for_update=True)
    if draft is None or draft.collaboration_id != collaboration.id:
        raise Refused("unknown_content")
    if draft.version is not None:
        raise Refused("stale")
    collaboration.draft_version += 1
    draft.version = collaboration.draft_version
    return draft.digest
