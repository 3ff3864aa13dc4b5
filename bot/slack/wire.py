"""The shape of what Slack sends, checked at the door before anything reads it.

Bolt and the stories take a payload apart without looking: `body["user"]["id"]`. Slack never sends one that does
not fit, so whatever fails here is somebody's mistake or an attack, and is answered without being handled.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

Id = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,40}$")]  # users, channels, teams, apps
Token = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[!-~]+$")]  # trigger ids, view ids
Json = dict[str, Any]


MOMENT_MAX = 253_402_300_799  # the last second of the year 9999, in seconds since 1970


class Malformed(ValueError):
    """This is nothing that Slack sends. The message says what does not fit, without repeating the payload."""


class Shape(BaseModel):
    """Only what is read is checked; the rest passes as it is."""

    model_config = ConfigDict(extra="allow", strict=True)


class Reference(Shape):
    id: Id | None = None
    name: str | None = None
    username: str | None = None


class Person(Reference):
    id: Id


class Common(Shape):
    """What Bolt looks for in every kind of payload."""

    team: Reference | None = None
    team_id: Id | None = None
    enterprise: Reference | None = None
    enterprise_id: Id | None = None
    channel: Reference | None = None
    response_url: str | None = None
    response_urls: list[Json] = []
    is_enterprise_install: bool | str | None = None
    authorizations: list[Common] = Field(default_factory=list)
    function_data: Json | None = None
    bot_access_token: str | None = None


class Slash(Common):
    command: Annotated[str, Field(pattern=r"^/\S{1,80}$")]
    text: str = ""
    user_id: Id
    user_name: str | None = None
    channel_id: Id
    trigger_id: Token


class Option(Shape):
    value: str | None = None


class Act(Shape):
    action_id: str
    block_id: str = ""
    type: str
    value: str | float | None = None
    selected_option: Option | None = None


def _a_day(text: str) -> str:
    date.fromisoformat(text)
    return text


class Entered(Shape):
    value: str | None = None  # none of our inputs is for numbers
    selected_option: Option | None = None
    selected_user: Id | None = None
    selected_options: list[Option] | None = None
    selected_date_time: Annotated[int, Field(ge=0, le=MOMENT_MAX)] | None = None
    selected_date: Annotated[str, AfterValidator(_a_day)] | None = None


class ViewState(Shape):
    values: dict[str, dict[str, Entered]] = Field(default_factory=dict)


class View(Shape):
    id: Token
    type: str
    callback_id: str = ""
    private_metadata: str = ""
    state: ViewState | None = None
    app_installed_team_id: Id | None = None


class Pressed(Common):
    type: Literal["block_actions"]
    user: Person
    trigger_id: Token
    actions: Annotated[list[Act], Field(min_length=1)]
    view: View | None = None
    container: Json | None = None
    message: Json | None = None


class Submitted(Common):
    type: Literal["view_submission", "view_closed"]
    user: Person
    view: View


Stamp = Annotated[
    str, Field(pattern=r"^\d{1,11}\.\d{1,6}$")
]  # a message's ts; 11 digits end in the year 5138


class Said(Shape):
    """A message within an event."""

    ts: Stamp | None = None
    text: str | None = None
    user: Id | None = None
    username: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    bot_profile: Json | None = None
    attachments: list[Json] | None = None
    edited: Json | None = None


class Shortcut(Common):
    type: Literal["shortcut", "message_action"]
    user: Person
    callback_id: str
    trigger_id: Token
    message_ts: Stamp | None = None
    message: Said | None = None

    @model_validator(mode="after")
    def _is_of_a_message(self) -> Self:
        if self.type == "message_action" and not (self.message and self.message.ts and self.channel):
            raise ValueError("a message's shortcut comes with the message and its channel")
        return self


class Suggestion(Common):
    type: Literal["block_suggestion"]
    user: Person
    action_id: str
    block_id: str = ""
    value: str = ""
    view: View | None = None


class Shared(Shape):
    """A file as a message shows it. One from another workspace has nothing but its id."""

    id: Id
    name: str | None = None
    mimetype: str | None = None
    size: Annotated[int, Field(ge=0)] | None = None
    permalink: str | None = None


class Marked(Shape):
    """What was pinned or reacted to."""

    type: str | None = None
    channel: str | Reference | None = None
    ts: Stamp | None = None
    message: Said | None = None


class Inner(Shape):
    """An event itself. Its `channel`, `user` and `item` are ids or objects, by its type."""

    type: str
    subtype: str | None = None
    user: Id | Reference | None = None
    channel: str | Reference | None = None
    channel_id: Id | None = None
    ts: Stamp | None = None
    event_ts: Stamp | None = None
    text: str | None = None
    message: Said | None = None
    previous_message: Said | None = None
    item: Marked | None = None
    files: list[Shared] | None = None
    reaction: str | None = None
    topic: str | None = None
    inviter: Id | None = None
    assistant_thread: Json | None = None

    @model_validator(mode="after")
    def _is_told_where(self) -> Self:
        if self.type == "app_mention" and not (isinstance(self.channel, str) and isinstance(self.user, str)):
            raise ValueError("a mention has a channel and a person")
        return self


class Event(Common):
    type: Literal["event_callback"]
    event: Inner
    event_id: Token


class Greeting(Shape):
    type: Literal["url_verification"]
    challenge: str


class Limited(Shape):
    type: Literal["app_rate_limited"]


Interaction = Annotated[
    Pressed | Submitted | Shortcut | Suggestion | Event | Greeting | Limited, Field(discriminator="type")
]

_interaction: TypeAdapter[Interaction] = TypeAdapter(Interaction)
_slash = TypeAdapter(Slash)


def checked(body: object) -> Json:
    """`body` itself when it has the shape of something that Slack sends; raises Malformed."""
    if not isinstance(body, dict):
        raise Malformed("the payload is not an object")
    try:
        json.dumps(body, ensure_ascii=False).encode()
        (_slash if "command" in body and "type" not in body else _interaction).validate_python(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{place or 'type'}: {first['msg']}"[:200]) from error
    except (ValueError, TypeError, RecursionError) as error:  # a lone surrogate, a NaN key, endless nesting
        raise Malformed(f"the payload cannot be stored ({type(error).__name__})") from error
    return body


def parsed(text: str) -> Json:
    """The payload in the body of an HTTP request, JSON or form; raises Malformed."""
    try:
        if text.lstrip().startswith("{"):
            return checked(json.loads(text))
        fields = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
        return checked(json.loads(fields["payload"]) if "payload" in fields else fields)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the body cannot be read ({type(error).__name__})") from error
