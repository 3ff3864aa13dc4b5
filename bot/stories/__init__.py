"""Whole incidents, played by the sandbox's people against a bot that really runs: in demos and in tests."""

from __future__ import annotations

import sys

from bot.stories.drill import drill
from bot.stories.duplicate import duplicate
from bot.stories.gateway import gateway
from bot.stories.handover import handover
from bot.stories.other_runbook import other_runbook
from bot.stories.payments import payments
from bot.stories.private import private
from bot.stories.reopened import reopened
from bot.stories.retroactive import retroactive
from bot.stories.stage import Stage, Story
from bot.stories.together import together

STORIES: dict[str, Story] = {
    "payments": payments,
    "duplicate": duplicate,
    "drill": drill,
    "retroactive": retroactive,
    "handover": handover,
    "reopened": reopened,
    "together": together,
    "runbook": other_runbook,
    "gateway": gateway,
    "private": private,
}

__all__ = ["STORIES", "Stage", "Story", "listed"]


def listed() -> str:
    """Each story with what it is about, a line each."""
    about = {name: sys.modules[story.__module__].__doc__ or "" for name, story in STORIES.items()}
    width = max(map(len, about))
    return "\n".join(f"{name:{width}}  {text}" for name, text in about.items())
