"""Where a story is played: the sandbox's people, a voice that tells each act, and checks that can fail."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.domain.events import Event, SurfacePosted
from bot.domain.runbook import Runbook
from bot.offline import Database
from bot.sandbox.people import Actor, Reply
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import Message
from bot.storage import outbox
from bot.stories.shopping import OpenShop

WIDTH = 108  # of what is printed; narrower than most terminals
TOLD_LOOKS = 600  # of 50 ms: Slack takes one message a second, and a story may leave twenty waiting
SHOWN_LINES = 14  # of a message; the page shows the rest


class StoryFailed(AssertionError):
    """Database or channel do not say what they should. The message says which, and what they say."""


@dataclass
class Stage:
    """One performance. `tell` gets every line that a spectator reads."""

    slack: Sandbox
    database: Database
    runbooks: list[Runbook]
    shop: OpenShop  # opens an application that reads one of our flags
    tell: Callable[[str], None] = print
    checked: int = field(default=0, init=False)

    def act(self, person: Actor, does: str) -> None:
        """Announce what somebody is about to do."""
        self.tell(f"\n▸ {person.person.real_name} {does}")
        self.slack.workspace.spotlight.say(f"{person.person.real_name} {does}")

    def shows(self, what: Message | Reply | str) -> None:
        """Print what Slack shows."""
        if isinstance(what, Reply):
            text = what.error or what.text or "; ".join(what.errors.values()) or what.asks or ""
        else:
            text = what if isinstance(what, str) else self.slack.text_of(what)
        lines = [
            wrapped
            for line in text.splitlines()
            if line.strip()
            for wrapped in textwrap.wrap(line, WIDTH - 6) or [""]
        ]
        for line in lines[:SHOWN_LINES]:
            self.tell(f"    │ {line}")
        if len(lines) > SHOWN_LINES:
            self.tell(f"    │ … {len(lines) - SHOWN_LINES} more lines")

    def prints(self, line: str) -> None:
        """Print what an application that reads our flags prints, below the acts and on the page."""
        self.tell(f"    ┆ the shop prints: {line}")
        self.slack.workspace.spotlight.say(f"The shop prints: {line}")

    def check(self, holds: bool, what: str, found: Any = None) -> None:
        """The story stands or falls with this; raises StoryFailed."""
        if not holds:
            raise StoryFailed(f"{what}; found: {found!r}")
        self.checked += 1

    async def timeline(self, incident: int) -> list[Event]:
        """Every event of an incident, in order; bookkeeping left out."""
        entries = await self.database.incidents.timeline(incident)
        return [entry.event for entry in entries if not isinstance(entry.event, SurfacePosted)]

    async def all_told(self) -> None:
        """Wait until Slack has been told everything that was promised; raises StoryFailed when it never is."""

        team_id = self.database.team_id
        for _ in range(TOLD_LOOKS):
            left = await self.database.engine.read(
                lambda transaction: outbox.unfinished(transaction, team_id)
            )
            if not left:
                return
            await asyncio.sleep(0.05)
        raise StoryFailed(f"effects were promised and not kept: {left!r}")


Story = Callable[[Stage], Awaitable[None]]
