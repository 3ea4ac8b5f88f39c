"""The site for people: publish, look, edit, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from local.social_standin.accounts import PLATFORMS
from local.social_standin.api import Platform, Visibility, found, path_of
from local.social_standin.posts import Memory

_HERE = Path(__file__).parent
_PAGES = Jinja2Templates(_HERE / "templates")
_PAGE = 50

site = APIRouter()


@site.get("/style.css")
async def style() -> FileResponse:
    """The stylesheet."""
    return FileResponse(_HERE / "style.css", media_type="text/css")


@site.get("/", response_class=HTMLResponse)
async def home(
    request: Request, before: int | None = None, platform: str = "", handle: str = ""
) -> HTMLResponse:
    """The form to publish with, and the latest posts."""
    page = request.app.state.memory.posts(before=before, limit=_PAGE)
    older = page[-1][0] if len(page) == _PAGE else None
    return _PAGES.TemplateResponse(
        request,
        "home.html",
        {"posts": [post for _, post in page], "older": older, "platforms": PLATFORMS,
         "platform": platform, "handle": handle},
    )  # fmt: skip


@site.post("/publish")
async def publish(
    request: Request,
    platform: Annotated[Platform, Form()],
    handle: Annotated[str, Form(pattern=r"^\s*@?[A-Za-z0-9._-]{1,40}\s*$")],
    caption: Annotated[str, Form(min_length=1, max_length=5_000)],
    labelled: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Publish a post."""
    memory: Memory = request.app.state.memory
    account = memory.put_account(platform, handle, None, "")
    post = memory.publish(account, _unix_lines(caption), labelled)
    return RedirectResponse(path_of(post), status_code=303)


@site.get("/p/{platform}/{identity}", response_class=HTMLResponse)
async def look(request: Request, platform: str, identity: str) -> HTMLResponse:
    """One post, as everybody sees it."""
    post = request.app.state.memory.post(identity)
    gone = post is None or post.platform != platform or post.deleted_at is not None
    return _PAGES.TemplateResponse(
        request,
        "post.html",
        {
            "post": None if gone else post,
            "url": f"{request.app.state.base}{path_of(post)}" if post else "",
        },
        status_code=404 if gone else 200,
    )


@site.post("/p/{platform}/{identity}/edit")
async def edit(
    request: Request,
    identity: str,
    caption: Annotated[str, Form(min_length=1, max_length=5_000)],
    visibility: Annotated[Visibility, Form()],
    labelled: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Edit a post."""
    memory: Memory = request.app.state.memory
    post = found(memory.edit(identity, _unix_lines(caption), labelled, visibility))
    return RedirectResponse(path_of(post), status_code=303)


@site.post("/p/{platform}/{identity}/delete")
async def delete(request: Request, identity: str) -> RedirectResponse:
    """Take a post down."""
    post = found(request.app.state.memory.delete(identity))
    return RedirectResponse(path_of(post), status_code=303)


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n")
