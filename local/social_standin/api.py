"""The JSON interface under ``/_standin``: for simulated creators and for tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from local.social_standin.posts import Memory, Post

Platform = Literal["instagram", "tiktok", "youtube"]
Visibility = Literal["public", "unlisted", "private"]
Handle = Annotated[str, Field(pattern=r"^@?[A-Za-z0-9._-]{1,40}$")]
Caption = Annotated[str, Field(min_length=1, max_length=5_000)]

api = APIRouter(prefix="/_standin")


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
    visibility: Visibility | None = None


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


@api.get("/health")
async def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@api.post("/posts", status_code=201)
async def publish(request: Request, new: NewPost) -> dict[str, Any]:
    """Publish a post."""
    memory: Memory = request.app.state.memory
    account = memory.put_account(new.platform, new.handle, new.followers, "")
    return as_json(
        memory.publish(account, new.caption, new.labelled, new.key), request.app.state.base
    )


@api.get("/posts")
async def listing(
    request: Request, before: int | None = None, limit: Annotated[int, Query(le=1_000)] = 500
) -> dict[str, Any]:
    """List every post, newest first, deleted ones too: for reconciliation."""
    page = request.app.state.memory.posts(before=before, limit=limit)
    following = page[-1][0] if len(page) == limit else None
    return {
        "posts": [as_json(post, request.app.state.base) for _, post in page],
        "before": following,
    }


@api.get("/posts/{identity}")
async def one(request: Request, identity: str) -> dict[str, Any]:
    """One post, also a deleted one."""
    return as_json(found(request.app.state.memory.post(identity)), request.app.state.base)


@api.patch("/posts/{identity}")
async def edit(request: Request, identity: str, change: PostChange) -> dict[str, Any]:
    """Edit a post."""
    memory: Memory = request.app.state.memory
    post = found(memory.post(identity))
    if post.deleted_at is not None:
        raise HTTPException(409, "the post is deleted")
    changed = memory.edit(identity, change.caption, change.labelled, change.visibility)
    return as_json(found(changed), request.app.state.base)


@api.delete("/posts/{identity}")
async def delete(request: Request, identity: str) -> dict[str, Any]:
    """Take a post down."""
    return as_json(found(request.app.state.memory.delete(identity)), request.app.state.base)


@api.put("/accounts")
async def account(request: Request, change: AccountChange) -> dict[str, Any]:
    """Make an account or change what is known of it."""
    memory: Memory = request.app.state.memory
    made = memory.put_account(change.platform, change.handle, change.followers, change.kind)
    return dict(vars(made))


@api.post("/faults")
async def order(request: Request, fault: FaultOrder) -> dict[str, Any]:
    """Order trouble for the next requests."""
    memory: Memory = request.app.state.memory
    memory.set_fault(fault.platform, fault.kind, fault.count, fault.seconds)
    return {"faults": memory.faults()}


@api.get("/faults")
async def faults(request: Request) -> dict[str, Any]:
    """The trouble that is still to come."""
    return {"faults": request.app.state.memory.faults()}


@api.delete("/faults")
async def clear(request: Request) -> dict[str, Any]:
    """No more trouble."""
    request.app.state.memory.clear_faults()
    return {"faults": []}


def as_json(post: Post, base: str) -> dict[str, Any]:
    """A post for programs."""
    return {
        "id": post.id,
        "url": f"{base}{path_of(post)}",
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


def path_of(post: Post) -> str:
    """The path of a post's page."""
    return f"/p/{post.platform}/{post.id}"


def found(post: Post | None) -> Post:
    """The post.

    Raises:
        HTTPException: 404 if there is none.
    """
    if post is None:
        raise HTTPException(404, "no such post")
    return post
