"""Where an incident begins when that is no empty channel: a message that tells of it, a channel in use."""

from __future__ import annotations

from bot.domain.runbook import Frozen


class Source(Frozen):
    """The message it was declared from, in whatever channel. `text` may be cut: Slack is asked for all of it."""

    channel: str
    ts: str
    author: str = ""
    text: str = ""


class Adopted(Frozen):
    """A channel that was there before and becomes the incident's. `members` are known of a private one."""

    channel: str
    name: str
    private: bool = False
    members: tuple[str, ...] = ()
