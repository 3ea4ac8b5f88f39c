"""Who of a role decides for a campaign, and who takes over when they are silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from domain.campaign_base import Section
from domain.durations import Duration
from domain.lifecycle import Role

ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
ADDRESS_OR_NOTHING = r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$"


def _as_kept(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


class Approvers(Section):
    """The people of a role that a campaign names; without any, everybody with the role."""

    approvers: tuple[Annotated[str, BeforeValidator(_as_kept), Field(pattern=ADDRESS)], ...] = ()
    substitute: Annotated[str, BeforeValidator(_as_kept), Field(pattern=ADDRESS_OR_NOTHING)] = ""
    substitute_after: Duration = timedelta(days=3)

    def nameless(self) -> Self:
        """The same rules without anybody's address, for a workflow."""
        return self.model_copy(update={"approvers": (), "substitute": ""})

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody whose address is here."""
        return self.approvers + ((self.substitute,) if self.substitute else ())


ROLE_OF_SECTION = {"release": Role.FINANCE, "review": Role.REVIEWER}
"""The sections of a campaign file that name people, and the role that those need."""


def check_approvers(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Mistakes in who is named, as path, what is wrong, and what would be right.

    Args:
        values: of the campaign file, by path.
    """
    for section in ROLE_OF_SECTION:
        people = values.get(f"{section}.approvers") or ()
        substitute = values.get(f"{section}.substitute") or ""
        path = f"{section}.substitute"
        if substitute and not people:
            yield path, "takes over from nobody", f"name who decides in {section}.approvers"
        if substitute and substitute in people:
            yield path, f"{substitute} is one of the approvers", "name somebody else"
        if len(set(people)) < len(people):
            yield f"{section}.approvers", "names somebody twice", "name each person once"
    alone = len(values.get("release.approvers") or ()) == 1
    if alone and not values.get("release.substitute") and values.get("staffing") != "solo":
        yield (
            "release.approvers",
            "names one person, and above the limit two different people release",
            "name another one, or a release.substitute",
        )
