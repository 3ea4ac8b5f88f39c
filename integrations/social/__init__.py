"""Looking at posts through the platforms' own interfaces; nothing is scraped."""

from integrations.social.links import destination
from integrations.social.observation import (
    Account,
    Figures,
    Label,
    Level,
    Observation,
    PostSource,
    PostState,
)
from integrations.social.sources import Access, Sources, make_sources
from integrations.social.urls import NotAPost, PostRef, parse_post_url

__all__ = [
    "Access",
    "Account",
    "Figures",
    "Label",
    "Level",
    "NotAPost",
    "Observation",
    "PostRef",
    "PostSource",
    "PostState",
    "Sources",
    "destination",
    "make_sources",
    "parse_post_url",
]
