"""The terms of an offer: written once per version, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.correspondence import Correspondence
from domain.errors import ContentConflict
from domain.ids import derived_id
from store import correspondence
from store.engine import session
from store.tables import Collaboration, Terms


def digest_of(salt: str, html: str) -> str:
    """What the creator signs: the words, salted so that the digest tells nothing once erased."""
    return hashlib.sha256(f"{salt}\x1f{html}".encode()).hexdigest()


async def write(
    engine: AsyncEngine,
    collaboration_id: str,
    version: int,
    fee_minor: int,
    at: datetime,
    render: Callable[[Correspondence], str],
) -> str:
    """Render and keep the terms, unless this version exists; the digest of what is kept.

    Raises:
        ContentConflict: this version exists for another fee.
        NotFound: there is no such collaboration.
    """
    kept = select(Terms).where(Terms.collaboration_id == collaboration_id, Terms.version == version)
    async with session(engine) as work:
        found = await work.scalar(kept)
        if found is None:
            about = await correspondence.load(work, collaboration_id)
            collaboration = await work.get_one(Collaboration, collaboration_id)
            html = render(about)
            await work.execute(
                insert(Terms)
                .values(
                    id=derived_id("trm", collaboration_id, str(version)),
                    collaboration_id=collaboration_id,
                    version=version,
                    fee_minor=fee_minor,
                    html=html,
                    digest=digest_of(collaboration.salt, html),
                    created_at=at,
                )
                .on_conflict_do_nothing()
            )
            # Another attempt may have been quicker: what is kept is what counts.
            found = (await work.scalars(kept)).one()
        if found.fee_minor != fee_minor:
            raise ContentConflict("this version of the terms was written for another fee")
        return found.digest
