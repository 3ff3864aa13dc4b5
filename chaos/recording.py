"""Real payloads to start from: what the sandbox sends while a story is played, and what it could send besides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bot.domain.vocabulary import Severity
from bot.sandbox import acts, payloads, stacks
from bot.sandbox.delivery import Envelope
from chaos.house import House

Json = dict[str, Any]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Recorded:
    """One payload as Slack sent it: over HTTP a form or JSON, over a socket an envelope of this kind."""

    kind: str
    payload: Json

    def over_http(self) -> tuple[bytes, str]:
        """Body and content type."""
        match self.kind:
            case "slash_commands":
                return urlencode(self.payload).encode(), FORM
            case "interactive":
                return urlencode({"payload": json.dumps(self.payload)}).encode(), FORM
            case _:
                return json.dumps(self.payload).encode(), JSON


async def recorded(home: House) -> list[Recorded]:
    """One of each sort of payload; everything they ask for was carried out, and one incident is closed."""
    await _play(home)
    await _besides(home)
    found: dict[str, Recorded] = {}
    for entry in home.slack.workspace.log:
        if entry.direction == "in":
            sort = f"{entry.name} {entry.detail['payload'].get('text', '').split(' ')[0]}"
            found.setdefault(sort, Recorded(entry.detail["kind"], entry.detail["payload"]))
    return [*found.values(), *_never_asked_for()]


async def _play(home: House) -> None:
    """Every command, button, menu and form; in three channels, because each takes one message a second."""
    ana, bo = home.person("ana"), home.person("bo")
    room, flagged = await home.declared("ana"), await home.declared("bo")
    rated = await ana.declares_by_form("search is empty r50", Severity.P2, [room.runbook])
    await ana.presses_lead(rated)
    await bo.chooses_severity(rated, Severity.P1)
    await bo.types_severity(rated, Severity.P2)
    await ana.notes(rated, "seen again r51")
    await bo.kills(flagged, "search-suggestions", "since the rollout r52")
    await bo.types_undo(flagged, "search-suggestions")
    await bo.kills(flagged, "search-suggestions", "since the rollout r53")
    await bo.presses_undo(flagged, "search-suggestions")
    await bo.types_lead(room)
    first, *others = room.steps
    await ana.skips(room, others[-1], "it can wait r54")
    await ana.ticks(room, first)
    await ana.ticks(room, first)
    for step in room.steps:
        if step.id not in room.done:
            await ana.ticks(room, step)
    await bo.advances(room, "we looked r55")
    await bo.overrides(room, "no time r56")
    await bo.overrides(room, "no time left r57")
    for text in ("/incident list", "/incident timeline", "/incident help", "/incident", "/flag", "/mttr"):
        await ana.actor.types(text, room.channel)
    await ana.actor.uses_shortcut("declare.shortcut")
    await ana.calls_by_name()


async def _besides(home: House) -> None:
    """What the bot's own screens never cause, and Slack could send all the same."""
    slack, ana = home.slack, home.person("ana").actor
    general = slack.channel("general")
    menu = {"type": "external_select", "action_id": "somebody.elses", "placeholder": _plain("Choose")}
    blocks = [{"type": "section", "text": _plain("old"), "accessory": menu}]
    message = acts.post(
        slack.workspace, general, user=slack.workspace.app.bot_user, text="old", blocks=blocks
    )
    modal = {"type": "modal", "callback_id": "an.old.form", "title": _plain("Old"), "blocks": []}
    view = stacks.open_modal(slack.workspace, ana.id, modal)
    person, workspace = ana.person, slack.workspace
    for payload in (
        payloads.closing(workspace, person, view, is_cleared=True),
        payloads.submission(workspace, person, view, []),
        payloads.message_shortcut(workspace, person, "an.old.shortcut", message) | {"trigger_id": "1.2.old"},
        payloads.shortcut(workspace, person, "an.old.shortcut") | {"trigger_id": "1.2.older"},
        {
            **payloads.shortcut(workspace, person, "x"),
            "type": "block_suggestion",
            "action_id": "somebody.elses",
            "block_id": "b",
            "value": "pay",
        },
    ):
        await slack.delivery.send(Envelope("interactive", payload))


def _never_asked_for() -> list[Recorded]:
    """Payloads of the Events API that no subscription brings."""
    return [
        Recorded("events_api", {"type": "url_verification", "token": "sandbox", "challenge": "3eZbrw1aB"}),
        Recorded(
            "events_api",
            {"type": "app_rate_limited", "team_id": "T0SANDBOX", "minute_rate_limited": 1518467820},
        ),
    ]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}
