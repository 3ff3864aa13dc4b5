"""The manifest tells Slack of exactly what the listeners register."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

import handlers
from bot.domain.metrics.asking import Asked
from bot.services.containment import Containment
from bot.services.drilling import Drills, Seen
from bot.services.incidents import Incidents
from bot.slack.ids import Action, Form
from bot.slack.manifest import manifest
from bot.storage.sqlite import MEMORY, SqliteEngine
from handlers.desk import Desk
from tests.slack.made import FACE


class NotedApp(AsyncApp):
    """A Bolt app that notes what is registered with it."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-not-used", signing_secret="not used")
        self.noted: dict[str, list[Any]] = {}

    def _note(self, kind: str, constraint: Any) -> None:
        self.noted.setdefault(kind, []).append(constraint)

    def command(self, command: Any, *args: Any, **more: Any) -> Any:
        self._note("command", command)
        return super().command(command, *args, **more)

    def shortcut(self, constraints: Any, *args: Any, **more: Any) -> Any:
        self._note("shortcut", constraints)
        return super().shortcut(constraints, *args, **more)

    def event(self, event: Any, *args: Any, **more: Any) -> Any:
        self._note("event", event)
        return super().event(event, *args, **more)

    def action(self, constraints: Any, *args: Any, **more: Any) -> Any:
        self._note("action", constraints)
        return super().action(constraints, *args, **more)

    def view(self, constraints: Any, *args: Any, **more: Any) -> Any:
        self._note("view", constraints)
        return super().view(constraints, *args, **more)

    def named(self, kind: str) -> list[str]:
        """What was registered by name, in alphabetical order."""
        return sorted(str(one) for one in self.noted[kind] if isinstance(one, str))


class NoReports:
    async def answer(self, asked: Asked, group_by: Sequence[str] = ()) -> list[str]:
        raise AssertionError("nobody asks for figures here")

    async def promise_picture(self, asked: Asked, person: str) -> bool:
        raise AssertionError("nobody asks for a picture here")


async def no_summary() -> list[str]:
    raise AssertionError("nobody asks for a summary here")


class NoHomes:
    def opened(self, person: str) -> None:
        raise AssertionError("nobody opens a tab here")


@pytest.fixture
async def app() -> Any:
    noted = NotedApp()
    async with SqliteEngine.open(MEMORY) as engine:
        incidents = Incidents(engine, team_id="T1", runbooks=list, now=lambda: datetime.now(UTC))
        containment = Containment(engine, incidents, team_id="T1", now=lambda: datetime.now(UTC))
        drills = Drills(
            engine,
            containment,
            team_id="T1",
            now=lambda: datetime.now(UTC),
            held=containment.is_held,
            where=Seen.STORED,
        )
        desk = Desk(
            incidents=incidents,
            containment=containment,
            drills=drills,
            reports=NoReports(),
            summary=no_summary,
            homes=NoHomes(),
            face=FACE,
            now=lambda: datetime.now(UTC),
        )
        handlers.register(noted, desk)
        yield noted


def test_every_command_in_the_manifest_is_registered_and_no_other(app: NotedApp) -> None:
    listed = [entry["command"] for entry in manifest()["features"]["slash_commands"]]
    assert sorted(listed) == app.named("command")


def test_every_shortcut_in_the_manifest_is_registered_and_no_other(app: NotedApp) -> None:
    listed = [entry["callback_id"] for entry in manifest()["features"]["shortcuts"]]
    assert sorted(listed) == app.named("shortcut")


def test_every_event_in_the_manifest_is_registered_and_no_other(app: NotedApp) -> None:
    listed = manifest()["settings"]["event_subscriptions"]["bot_events"]
    known = {
        name.partition(".")[0] for name in listed
    }  # Bolt hears `message.channels` and its kin as `message`
    assert sorted(known) == app.named("event")
    assert {name for name in listed if "." in name} == {"message.channels", "message.groups"}


def test_every_button_and_form_that_we_draw_has_one_listener(app: NotedApp) -> None:
    assert app.named("action") == sorted(Action)
    assert app.named("view") == sorted(Form)


@pytest.mark.parametrize("kind", ["action", "view", "command", "event", "shortcut"])
def test_what_no_story_wants_is_caught_last(app: NotedApp, kind: str) -> None:
    assert isinstance(app.noted[kind][-1], re.Pattern)


def test_in_socket_mode_there_is_no_address_in_it() -> None:
    made = manifest("socket")
    assert made["settings"]["socket_mode_enabled"] is True
    assert "url" not in json.dumps(made)


def test_over_http_every_door_has_the_address() -> None:
    made = manifest("http", "https://bot.example.com/")
    address = "https://bot.example.com/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["request_url"] == address
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert {entry["url"] for entry in made["features"]["slash_commands"]} == {address}


def test_over_http_an_address_is_needed() -> None:
    with pytest.raises(ValueError, match="address"):
        manifest("http")


def test_people_and_channels_in_commands_arrive_as_ids() -> None:
    assert all(entry["should_escape"] for entry in manifest()["features"]["slash_commands"])


def test_it_keeps_to_slacks_limits() -> None:
    made = manifest()
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    for entry in made["features"]["slash_commands"]:
        assert len(entry["command"]) <= 32
        assert len(entry["usage_hint"]) <= 1000
    for entry in made["features"]["shortcuts"]:
        assert len(entry["description"]) <= 150
