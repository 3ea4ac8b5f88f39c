"""The site for people, and the JSON interface for simulated creators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field

from local.social_standin.accounts import PLATFORMS
from local.social_standin.posts import Memory, Post

_HERE = Path(__file__).parent
_PAGE = 50
Platform = Literal["instagram", "tiktok", "youtube"]
Handle = Annotated[str, Field(pattern=r"^@?[A-Za-z0-9._-]{1,40}$")]
Caption = Annotated[str, Field(min_length=1, max_length=5_000)]


class NewPost(BaseModel):
    """A simulated creator publishes."""

    platform: Platform
    handle: Handle
    caption: Caption
    labelled: bool = False
    followers: Annotated[int | None, Field(ge=0)] = None
    key: Annotated[str | None, Field(max_length=200)] = None
    """Makes a repeated request the same post."""


class PostChange(BaseModel):
    """A simulated creator edits; what is not given stays."""

    caption: Caption | None = None
    labelled: bool | None = None
    visibility: Literal["public", "unlisted", "private"] | None = None


class AccountChange(BaseModel):
    """What is known of an account."""

    platform: Platform
    handle: Handle
    followers: Annotated[int | None, Field(ge=0)] = None
    kind: Literal["professional", "personal"] = "professional"


class FaultOrder(BaseModel):
    """Trouble for the next requests."""

    platform: Platform | Literal["*"] = "*"
    kind: Literal["error", "rate_limit", "slow", "unknown"]
    count: Annotated[int, Field(ge=0, le=100_000)] = 1
    seconds: Annotated[float, Field(ge=0, le=120)] = 15.0


def make_api(base: str) -> APIRouter:
    """Routes under ``/_standin``: for programs, not for people."""
    router = APIRouter(prefix="/_standin")

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.post("/posts", status_code=201)
    async def publish(request: Request, new: NewPost) -> dict[str, Any]:
        memory: Memory = request.app.state.memory
        account = memory.put_account(new.platform, new.handle, new.followers, "")
        return as_json(memory.publish(account, new.caption, new.labelled, new.key), base)

    @router.get("/posts")
    async def listing(
        request: Request, before: int | None = None, limit: Annotated[int, Query(le=1_000)] = 500
    ) -> dict[str, Any]:
        page = request.app.state.memory.posts(before=before, limit=limit)
        following = page[-1][0] if len(page) == limit else None
        return {"posts": [as_json(post, base) for _, post in page], "before": following}

    @router.get("/posts/{identity}")
    async def one(request: Request, identity: str) -> dict[str, Any]:
        return as_json(_found(request.app.state.memory.post(identity)), base)

    @router.patch("/posts/{identity}")
    async def edit(request: Request, identity: str, change: PostChange) -> dict[str, Any]:
        memory: Memory = request.app.state.memory
        post = _found(memory.post(identity))
        if post.deleted_at is not None:
            raise HTTPException(409, "the post is deleted")
        changed = memory.edit(identity, change.caption, change.labelled, change.visibility)
        return as_json(_found(changed), base)

    @router.delete("/posts/{identity}")
    async def delete(request: Request, identity: str) -> dict[str, Any]:
        return as_json(_found(request.app.state.memory.delete(identity)), base)

    @router.put("/accounts")
    async def account(request: Request, change: AccountChange) -> dict[str, Any]:
        memory: Memory = request.app.state.memory
        made = memory.put_account(change.platform, change.handle, change.followers, change.kind)
        return dict(vars(made))

    @router.post("/faults")
    async def order(request: Request, fault: FaultOrder) -> dict[str, Any]:
        memory: Memory = request.app.state.memory
        memory.set_fault(fault.platform, fault.kind, fault.count, fault.seconds)
        return {"faults": memory.faults()}

    @router.get("/faults")
    async def faults(request: Request) -> dict[str, Any]:
        return {"faults": request.app.state.memory.faults()}

    @router.delete("/faults")
    async def clear(request: Request) -> dict[str, Any]:
        request.app.state.memory.clear_faults()
        return {"faults": []}

    return router


def make_site(base: str) -> APIRouter:
    """Routes for people: publish, look, edit, delete."""
    router = APIRouter()
    pages = Jinja2Templates(_HERE / "templates")

    @router.get("/style.css")
    async def style() -> FileResponse:
        return FileResponse(_HERE / "style.css", media_type="text/css")

    @router.get("/", response_class=HTMLResponse)
    async def home(
        request: Request, before: int | None = None, platform: str = "", handle: str = ""
    ) -> HTMLResponse:
        page = request.app.state.memory.posts(before=before, limit=_PAGE)
        older = page[-1][0] if len(page) == _PAGE else None
        return pages.TemplateResponse(
            request,
            "home.html",
            {"posts": [post for _, post in page], "older": older, "platforms": PLATFORMS,
             "platform": platform, "handle": handle},
        )  # fmt: skip

    @router.post("/publish")
    async def publish(
        request: Request,
        platform: Annotated[Platform, Form()],
        handle: Annotated[str, Form(pattern=r"^\s*@?[A-Za-z0-9._-]{1,40}\s*$")],
        caption: Annotated[str, Form(min_length=1, max_length=5_000)],
        labelled: Annotated[bool, Form()] = False,
    ) -> RedirectResponse:
        memory: Memory = request.app.state.memory
        account = memory.put_account(platform, handle, None, "")
        post = memory.publish(account, _unix_lines(caption), labelled)
        return RedirectResponse(_path(post), status_code=303)

    @router.get("/p/{platform}/{identity}", response_class=HTMLResponse)
    async def look(request: Request, platform: str, identity: str) -> HTMLResponse:
        post = request.app.state.memory.post(identity)
        gone = post is None or post.platform != platform or post.deleted_at is not None
        return pages.TemplateResponse(
            request,
            "post.html",
            {"post": None if gone else post, "url": f"{base}{_path(post)}" if post else ""},
            status_code=404 if gone else 200,
        )

    @router.post("/p/{platform}/{identity}/edit")
    async def edit(
        request: Request,
        identity: str,
        caption: Annotated[str, Form(min_length=1, max_length=5_000)],
        visibility: Annotated[Literal["public", "unlisted", "private"], Form()],
        labelled: Annotated[bool, Form()] = False,
    ) -> RedirectResponse:
        memory: Memory = request.app.state.memory
        post = _found(memory.edit(identity, _unix_lines(caption), labelled, visibility))
        return RedirectResponse(_path(post), status_code=303)

    @router.post("/p/{platform}/{identity}/delete")
    async def delete(request: Request, identity: str) -> RedirectResponse:
        post = _found(request.app.state.memory.delete(identity))
        return RedirectResponse(_path(post), status_code=303)

    return router


def as_json(post: Post, base: str) -> dict[str, Any]:
    """A post for programs."""
    return {
        "id": post.id,
        "url": f"{base}{_path(post)}",
        "platform": post.platform,
        "handle": post.handle,
        "account_id": post.account_id,
        "caption": post.caption,
        "labelled": post.labelled,
        "visibility": post.visibility,
        "created_at": post.created_at.isoformat(),
        "edited_at": post.edited_at and post.edited_at.isoformat(),
        "deleted_at": post.deleted_at and post.deleted_at.isoformat(),
        "figures": vars(post.figures),
    }


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _path(post: Post) -> str:
    return f"/p/{post.platform}/{post.id}"


def _found(post: Post | None) -> Post:
    if post is None:
        raise HTTPException(404, "no such post")
    return post
