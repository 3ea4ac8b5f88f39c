"""Documents that creators sign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from domain.messages import TermsReady, TermsRequest
from rendering.documents import terms_html
from rendering.environment import make_environment
from store import terms


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Documents:
    """Writes the terms of an offer."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        by_bank: bool = False,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._environment = make_environment(by_bank=by_bank)

    @activity.defn(name="render_terms")
    async def render_terms(self, request: TermsRequest) -> TermsReady:
        """Render the terms for a fee.

        Rendering twice is one document: (collaboration, version) is unique, and a second attempt
        returns the digest of what the first has kept.
        """
        digest = await terms.write(
            self._engine,
            request.collaboration_id,
            request.version,
            request.fee_minor,
            self._clock(),
            lambda about: terms_html(self._environment, about, request.fee_minor),
        )
        return TermsReady(digest=digest)
