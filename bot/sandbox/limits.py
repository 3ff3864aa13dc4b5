"""Block Kit's limits: `check_blocks` and `check_view` refuse as Slack does, with a pointer to the spot."""

from __future__ import annotations

from typing import Any, Literal

Surface = Literal["message", "modal", "home"]


def check_blocks(blocks: list[dict[str, Any]], surface: Surface = "message") -> None:
    """Raise `invalid_blocks` (or a relative of it) when Slack would not take these blocks."""


def check_view(view: dict[str, Any]) -> None:
    """Raise `invalid_arguments` (or a relative of it) when Slack would not take this view."""
