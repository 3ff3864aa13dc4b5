"""What Slack sends, read once: who, where, which request, what was pressed or filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.vocabulary import Severity
from bot.services.incidents import Actor
from bot.slack.ids import VALUE, Blank, Travelling, unpack
from bot.slack.text import clean, typed

Body = dict[str, Any]
T = TypeVar("T", bound=Travelling)

_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,20})>")  # as `typed` leaves a mention


@dataclass(frozen=True)
class Typed:
    """A slash command. `text` is what stands after the verb, as the person typed it.

    `key` identifies the request: Slack may deliver it twice.
    """

    actor: Actor
    channel: str
    text: str
    key: str
    trigger_id: str
    response_url: str | None
    client: AsyncWebClient


def typed_command(body: Body, client: AsyncWebClient) -> Typed:
    return Typed(
        actor=Actor(body["user_id"], body.get("user_name") or body["user_id"]),
        channel=body["channel_id"],
        text=typed(body.get("text") or ""),
        key=f"slash:{body['trigger_id']}",
        trigger_id=body["trigger_id"],
        response_url=body.get("response_url"),
        client=client,
    )


def actor_of(body: Body) -> Actor:
    """Who pressed, chose or submitted."""
    user = body["user"]
    return Actor(user["id"], user.get("name") or user.get("username") or user["id"])


def press_key(body: Body) -> str:
    """Each press has a trigger id of its own, and keeps it when it is delivered again."""
    return f"action:{body['trigger_id']}"


def form_key(body: Body) -> str:
    """One form leads to one thing, however often it is submitted."""
    return f"view:{body['view']['id']}"


def pressed(kind: type[T], body: Body) -> T:
    """The data in the button or in the chosen option; raises Refused when it is not ours."""
    action = body["actions"][0]
    return unpack(kind, (action.get("selected_option") or action).get("value"))


def travelled(kind: type[T], body: Body) -> T:
    """The data that the form carries; raises Refused when it is not ours."""
    return unpack(kind, body["view"].get("private_metadata"))


def people_in(text: str) -> tuple[list[str], str]:
    """The people that a typed text mentions, and the text without them, on one line."""
    return _PERSON.findall(text), " ".join(_PERSON.sub(" ", text).split())


def filled(body: Body, blank: str) -> str:
    """What was typed into an input; empty when nothing was."""
    return clean(_input(body, blank).get("value") or "")


def chosen_person(body: Body, blank: str) -> str | None:
    """The person chosen in a form, or None."""
    value = _input(body, blank).get("selected_user")
    return value if isinstance(value, str) and value else None


def chosen(body: Body, blank: str) -> str | None:
    """The value of the option chosen in a form, or None."""
    value = (_input(body, blank).get("selected_option") or {}).get("value")
    return value if isinstance(value, str) else None


def chosen_date(body: Body, blank: str) -> date | None:
    """The day chosen in a form, or None."""
    value = _input(body, blank).get("selected_date")
    return date.fromisoformat(value) if isinstance(value, str) and value else None


def chosen_several(body: Body, blank: Blank) -> tuple[str, ...]:
    """The values of the options chosen in a menu of several, or of the boxes that are ticked."""
    options = _input(body, blank).get("selected_options") or []
    return tuple(option["value"] for option in options if isinstance(option.get("value"), str))


def chosen_moment(body: Body, blank: Blank) -> datetime | None:
    """The time chosen in a form, or None."""
    seconds = _input(body, blank).get("selected_date_time")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def chosen_severity(body: Body) -> Severity | None:
    """The severity chosen in a form, or None."""
    value = (_input(body, Blank.SEVERITY).get("selected_option") or {}).get("value")
    return Severity(value) if value in list(Severity) else None


def chosen_option(body: Body, blank: Blank) -> str:
    """The value of the option chosen in a menu of a form; empty when none was."""
    return (_input(body, blank).get("selected_option") or {}).get("value") or ""


def _input(body: Body, blank: str) -> dict[str, Any]:
    values = (body["view"].get("state") or {}).get("values", {})
    return values.get(str(blank), {}).get(VALUE) or {}
