"""Styles and scripts under names that carry their content, so that browsers keep them for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Response

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_OWN = Path(__file__).parent / "static"


def _htmx() -> Path:
    """The file inside the installed package; the package itself (Django) is never imported."""
    spec = find_spec("django_htmx")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package django-htmx is not installed")
    return Path(spec.origin).parent / "static" / "django_htmx" / "htmx-4.min.js"


@dataclass(frozen=True)
class _Asset:
    body: bytes
    media_type: str


class Assets:
    """All files, read once at the start."""

    def __init__(self) -> None:
        files = {path.name: path for path in sorted(_OWN.iterdir()) if path.suffix in _TYPES}
        files["htmx.js"] = _htmx()
        self._urls: dict[str, str] = {}
        self._assets: dict[str, _Asset] = {}
        for name, path in files.items():
            body = path.read_bytes()
            stem, suffix = name.rsplit(".", 1)
            hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"
            self._urls[name] = f"/static/{hashed}"
            self._assets[hashed] = _Asset(body, _TYPES[f".{suffix}"])

    def url(self, name: str) -> str:
        """Address of a file by its plain name."""
        return self._urls[name]

    def router(self) -> APIRouter:
        """Serves the files; a name that is not current does not exist."""
        router = APIRouter()

        @router.get("/static/{name}", include_in_schema=False)
        async def static(name: str) -> Response:
            asset = self._assets.get(name)
            if asset is None:
                return Response(status_code=404)
            return Response(
                asset.body,
                media_type=asset.media_type,
                headers={"Cache-Control": "public, max-age=31536000, immutable"},
            )

        return router
