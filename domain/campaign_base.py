"""What the sections of a campaign file are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1, like DE")]
Platform = Literal["instagram", "tiktok", "youtube"]
Percent = Annotated[int, Field(ge=0, le=100)]


class Section(BaseModel):
    """A part of the campaign file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
