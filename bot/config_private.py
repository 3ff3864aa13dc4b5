"""Settings of private incidents. Read by bot/config.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.domain.runbook import Frozen


class Private(Frozen):
    responders: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")], ...],
        Field(max_length=30, description="a list of at most 30 member ids, such as ['U0123ABCD']"),
    ] = ()
