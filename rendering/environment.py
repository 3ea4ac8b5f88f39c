"""The one Jinja environment: for mails, documents, the desk and the portal.

A missing variable is an error, never an empty string. Values are escaped in HTML and left alone in
plain text. The filters know the reader: put ``reader=Reader(...)`` into the context, and money,
dates and counts come out as that person writes them.
"""

from __future__ import annotations

from pathlib import Path
from types import CodeType

from jinja2 import (
    BytecodeCache,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket

from rendering import filters
from rendering.reader import Reader

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
"""Root of all templates; names are relative to it, like ``email/layout.html``."""

__all__ = ["TEMPLATES", "Reader", "make_environment"]


class _Compiled(BytecodeCache):
    """What this process has compiled: once per template, in whichever environment."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, if it was compiled from this source before."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()

STRIPE_SIGN_IN = "https://connect.stripe.com/express_login"
"""Where creators see their own account (Express dashboard); to be typed, not to be clicked."""


def make_environment(*, by_bank: bool = False) -> Environment:
    """A fresh environment with the templates folder as its root and all filters.

    Filters: ``money``, ``when``, ``day``, ``duration``, ``count``, ``percent_ppm``, ``country``;
    see `rendering.filters`.

    Args:
        by_bank: creators are paid by bank transfer and not by a payment provider; templates know it
            under this name.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=_COMPILED,
        autoescape=select_autoescape(
            # Everything is HTML unless it says that it is text: forgetting the suffix is harmless.
            disabled_extensions=("txt",),
            default=True,
            default_for_string=True,
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        money=filters.money,
        when=filters.when,
        day=filters.day,
        duration=filters.duration,
        count=filters.count,
        percent_ppm=filters.percent_ppm,
        country=filters.country,
    )
    environment.globals["by_bank"] = by_bank
    environment.globals["stripe_sign_in"] = STRIPE_SIGN_IN
    return environment
