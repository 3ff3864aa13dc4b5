"""Whole incidents, played by the sandbox's people against a bot that really runs: in demos and in tests."""

from __future__ import annotations

from bot.stories.payments import payments
from bot.stories.stage import Stage, Story

STORIES: dict[str, Story] = {"payments": payments}

__all__ = ["STORIES", "Stage", "Story"]
