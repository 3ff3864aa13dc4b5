"""Settings of the timeline. Read by bot/config.py."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.domain.captured import CAPTURE_EMOJI
from bot.domain.runbook import Frozen


def _emoji(name: str) -> str:
    """The name as Slack's events have it: without the colons that people type around it."""
    name = name.strip(":")
    if not re.fullmatch(r"[\w+'-]{1,100}", name) or name != name.lower():
        raise ValueError("write the name of an emoji as Slack shows it, such as 'pushpin'")
    return name


class Timeline(Frozen):
    emoji: Annotated[
        str, AfterValidator(_emoji), Field(description="the name of an emoji, such as 'pushpin'")
    ] = CAPTURE_EMOJI
