"""What every message has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Base of everything that travels through Temporal."""

    model_config = ConfigDict(frozen=True, extra="ignore")
