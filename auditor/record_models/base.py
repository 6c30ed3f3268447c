"""What every part of audit.json shares."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Status = Literal["ok", "partial", "denied", "quota", "missing", "blocked", "error", "skipped"]
Json = Any


class Part(BaseModel):
    """A part of the record: no field but those that are documented here."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="null")
