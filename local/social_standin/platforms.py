"""The three interfaces, in the shapes that the platforms document."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from local.social_standin.accounts import PLATFORMS
from local.social_standin.posts import Account, Memory, Post

_USERNAME = re.compile(r"business_discovery\.username\(([A-Za-z0-9._]{1,30})\)")
_AFTER, _LIMIT = re.compile(r"\.after\((\d+)\)"), re.compile(r"\.limit\((\d{1,3})\)")


async def with_faults(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Middleware: let a request to an interface run into the trouble that was ordered."""
    first = request.url.path.split("/")[1]
    platform = {"graph": "instagram"}.get(first, first)
    memory: Memory = request.app.state.memory
    fault = memory.take_fault(platform) if platform in PLATFORMS else None
    if fault is None:
        return await call_next(request)
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return await call_next(request)
    if fault.kind == "rate_limit":
        return JSONResponse(_throttled(platform), status_code=429)
    if fault.kind == "unknown":
        return _nobody_may_look(platform)
    return JSONResponse({"error": {"message": "ordered fault", "code": 1}}, status_code=500)


def _throttled(platform: str) -> dict[str, Any]:
    if platform == "instagram":
        return {"error": {"message": "Application request limit reached", "code": 4}}
    return {"error": {"code": 429, "message": "too many requests", "errors": []}}


def _nobody_may_look(platform: str) -> JSONResponse:
    if platform == "instagram":
        return _no_user("")
    if platform == "youtube":
        return _google_error(403, "forbidden", "access is refused")
    return JSONResponse({"code": 403, "message": "access denied"}, status_code=403)


router = APIRouter()


@router.get("/graph/{version}/{business_id}")
async def business_discovery(
    request: Request, business_id: str, fields: str, authorization: str = Header("")
) -> JSONResponse:
    """Instagram: the public posts of a professional account."""
    memory: Memory = request.app.state.memory
    if not authorization.startswith("Bearer "):
        return _graph_error(400, 190, "OAuthException", "Invalid OAuth access token.")
    named = _USERNAME.search(fields)
    account = memory.account("instagram", named[1]) if named else None
    if account is None or account.kind != "professional":
        return _no_user(named[1] if named else "")
    after, limit = _AFTER.search(fields), _LIMIT.search(fields)
    media = _media(
        memory,
        account,
        request.app.state.base,
        after and int(after[1]),
        int(limit[1]) if limit else 25,
    )
    discovery = {
        "id": account.id,
        "username": account.handle,
        "followers_count": account.followers,
        "media": media,
    }
    return JSONResponse({"business_discovery": discovery, "id": business_id})


@router.get("/youtube/v3/videos")
async def videos(
    request: Request,
    id: str,
    x_goog_api_key: str = Header(""),
) -> JSONResponse:
    """YouTube: videos by id."""
    memory: Memory = request.app.state.memory
    if not x_goog_api_key:
        return _google_error(403, "forbidden", "The request is missing a valid API key.")
    post = memory.post(id)
    shown = post is not None and post.platform == "youtube" and post.deleted_at is None
    listed = post is not None and shown and post.visibility != "private"
    return JSONResponse(_list("video", [_video(post)] if post and listed else []))


@router.get("/youtube/v3/channels")
async def channels(request: Request, id: str) -> JSONResponse:
    """YouTube: a channel by id."""
    memory: Memory = request.app.state.memory
    account = memory.account_by_id(id)
    return JSONResponse(_list("channel", [_channel(account)] if account else []))


@router.get("/youtube/v3/search")
async def search(
    request: Request,
    channel: Annotated[str, Query(alias="channelId")],
    paid: Annotated[str, Query(alias="videoPaidProductPlacement")] = "any",
) -> JSONResponse:
    """YouTube: a channel's public videos, or only those with the paid-promotion label."""
    memory: Memory = request.app.state.memory
    account = memory.account_by_id(channel)
    posts = [post for _, post in memory.posts(account, limit=50)] if account else []
    hits = [
        {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": post.id}}
        for post in posts
        if post.is_public and (paid != "true" or post.labelled)
    ]
    return JSONResponse(_list("searchList", hits))


@router.get("/tiktok/oembed")
async def oembed(request: Request, url: str) -> JSONResponse:
    """TikTok: one video, without a key."""
    memory: Memory = request.app.state.memory
    post = memory.post(url.rstrip("/").rpartition("/")[2])
    if post is None or post.platform != "tiktok" or not post.is_public:
        return JSONResponse({"code": 400, "message": "Something went wrong"}, status_code=400)
    return JSONResponse(_embed(post, request.app.state.base))


def _media(
    memory: Memory, account: Account, base: str, after: int | None, limit: int
) -> dict[str, Any]:
    page = memory.posts(account, before=after, limit=limit)
    data = [
        {
            "id": str(18_000_000_000_000_000 + number),
            # Instagram leaves out the @ of mentions here.
            "caption": re.sub(r"@(?=\w)", "", post.caption),
            "permalink": f"{base}/p/instagram/{post.id}",
            "timestamp": post.created_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "like_count": post.figures.likes,
            "comments_count": post.figures.comments,
            "media_product_type": "FEED",
        }
        for number, post in page
        if post.is_public
    ]
    media: dict[str, Any] = {"data": data}
    if len(page) == limit:
        media["paging"] = {"cursors": {"after": str(page[-1][0])}}
    return media


def _no_user(handle: str) -> JSONResponse:
    return _graph_error(
        400, 110, "OAuthException", f"The user with username: {handle} cannot be found.", 2207013
    )


def _graph_error(status: int, code: int, kind: str, message: str, subcode: int = 0) -> JSONResponse:
    error = {"message": message, "type": kind, "code": code, "error_subcode": subcode,
             "is_transient": False, "fbtrace_id": "standin"}  # fmt: skip
    return JSONResponse({"error": error}, status_code=status)


def _google_error(status: int, reason: str, message: str) -> JSONResponse:
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return JSONResponse(
        {"error": {"code": status, "message": message, "errors": errors}}, status_code=status
    )


def _list(kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": f"youtube#{kind}Response",
        "items": items,
        "pageInfo": {"totalResults": len(items), "resultsPerPage": len(items)},
    }


def _video(post: Post) -> dict[str, Any]:
    title, _, description = post.caption.partition("\n")
    return {
        "kind": "youtube#video",
        "id": post.id,
        "snippet": {
            "publishedAt": post.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "channelId": post.account_id,
            "title": title,
            "description": description,
            "channelTitle": post.handle,
        },
        "status": {"privacyStatus": post.visibility, "embeddable": True},
        "statistics": {
            "viewCount": str(post.figures.views),
            "likeCount": str(post.figures.likes),
            "commentCount": str(post.figures.comments),
        },
    }


def _channel(account: Account) -> dict[str, Any]:
    return {
        "kind": "youtube#channel",
        "id": account.id,
        "snippet": {"title": account.handle, "customUrl": f"@{account.handle}"},
    }


def _embed(post: Post, base: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "type": "video",
        "title": post.caption,
        "author_url": f"{base}/@{post.handle}",
        "author_name": post.handle,
        "author_unique_id": post.handle,
        "embed_product_id": post.id,
        "embed_type": "video",
        "provider_name": "TikTok",
        "provider_url": base,
    }
