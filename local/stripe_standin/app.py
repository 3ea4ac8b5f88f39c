"""The stand-in as an HTTP application, and the server that can cut a connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.stripe_standin.control import control_routes
from local.stripe_standin.deliveries import Deliveries
from local.stripe_standin.people import people_routes
from local.stripe_standin.pipeline import Dropped, Pipeline

_CONNECTIONS: dict[Any, asyncio.Transport] = {}


class DroppableProtocol(H11Protocol):
    """uvicorn's protocol, remembering its connections so that one can be cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        _CONNECTIONS[transport.get_extra_info("peername")] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _CONNECTIONS.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)


def make_app(pipeline: Pipeline, deliveries: Deliveries) -> Starlette:
    """Put the API, the pages and the control plane together."""

    async def api(request: Request) -> Response:
        try:
            return await pipeline.handle(request)
        except Dropped:
            client = request.client
            if client and (transport := _CONNECTIONS.get((client.host, client.port))):
                transport.abort()
            return Response(status_code=500)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        delivering = asyncio.create_task(deliveries.run())
        yield
        delivering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await delivering
        pipeline.operations.state.close()

    routes = [
        *people_routes(pipeline.operations, deliveries),
        *control_routes(pipeline, deliveries),
        Route("/{version:path}", api, methods=["GET", "POST", "DELETE"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
