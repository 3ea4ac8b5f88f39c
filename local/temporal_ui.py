"""Temporal's web UI, to look at only: decisions are taken in Troupe's desk, by named people.

The development server has no switch for that, so its UI listens on a port that nobody is told,
and this process passes on what reads. ``python -m local.temporal_ui --port 8233 --upstream URL``.
"""

from __future__ import annotations

import argparse
import json

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

READING = {"GET", "HEAD", "OPTIONS"}
METHODS = [*sorted(READING), "POST", "PUT", "PATCH", "DELETE"]
PASSED_ON = {"content-type", "cache-control", "etag", "last-modified", "location"}
"""Headers of an answer that are kept; lengths and encodings change on the way."""
SETTINGS_PATH = "/api/v1/settings"


def only_reads(method: str, path: str) -> bool:
    """True for what changes nothing; a query asks a workflow and is sent as POST."""
    return method in READING or (method == "POST" and "/query/" in path)


def make_app(upstream: str, client: httpx.AsyncClient | None = None) -> Starlette:
    """The application that stands before the UI at ``upstream``."""
    asking = client or httpx.AsyncClient(base_url=upstream, timeout=30.0)

    async def look(request: Request) -> Response:
        path = request.url.path
        if not only_reads(request.method, path):
            return JSONResponse(
                {"message": "This UI only shows. Decisions are taken in Troupe's desk."}, 403
            )
        try:
            answer = await asking.request(
                request.method,
                path,
                params=httpx.QueryParams(request.url.query),
                content=await request.body(),
                headers={
                    name: value
                    for name, value in request.headers.items()
                    if name in {"accept", "content-type", "cookie", "x-csrf-token"}
                },
            )
        except httpx.HTTPError:
            return JSONResponse({"message": "Temporal does not answer."}, 502)
        content = answer.content
        if path == SETTINGS_PATH and answer.is_success:
            content = json.dumps({**answer.json(), "DisableWriteActions": True}).encode()
        response = Response(content, answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() in PASSED_ON:
                response.headers[name] = value
            elif name.lower() == "set-cookie":
                response.headers.append(name, value)
        return response

    return Starlette(
        routes=[Route("/{path:path}", look, methods=METHODS)],
        # A page of another site that points its name at this machine is turned away.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local.temporal_ui", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="address of the server's own UI")
    given = parser.parse_args()
    uvicorn.run(
        make_app(given.upstream), host="127.0.0.1", port=given.port, log_level="warning",
        access_log=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
