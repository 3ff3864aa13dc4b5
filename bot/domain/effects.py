"""What must happen outside because of an event. Promised in the transaction that stores the event."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, assert_never

from pydantic import Field, TypeAdapter

from bot.domain.captured import Kept
from bot.domain.events import (
    Event,
)
from bot.domain.one_incident import ExportForm
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Role, Surface


class OpenChannel(Frozen):
    """Make the incident's channel; its id and name come back as `LinkChannel`."""

    type: Literal["open_channel"] = "open_channel"


class Invite(Frozen):
    """Bring a person into the incident's channel."""

    type: Literal["invite"] = "invite"
    person: str


class CallGroup(Frozen):
    """Bring everybody into the channel who is in a user group now: its id, or its handle."""

    type: Literal["call_group"] = "call_group"
    group: str


class Draw(Frozen):
    """Bring a standing surface up to date, from the state at that moment. At most one waits for each."""

    type: Literal["draw"] = "draw"
    surface: Surface


class Pin(Frozen):
    """Pin a standing surface in its channel."""

    type: Literal["pin"] = "pin"
    surface: Surface


class Bookmark(Frozen):
    """Link to a standing surface from the bar above its channel."""

    type: Literal["bookmark"] = "bookmark"
    surface: Surface


class Tell(Frozen):
    """Say in the incident's channel that something happened. The event carries the words."""

    type: Literal["tell"] = "tell"
    event: Event


class Brief(Frozen):
    """Tell whoever took a role what it means, in private."""

    type: Literal["brief"] = "brief"
    person: str
    role: Role


class Whisper(Frozen):
    """Say it to one person in private: an action item is remembered long after anybody reads the channel."""

    type: Literal["whisper"] = "whisper"
    person: str
    event: Event


class Spread(Frozen):
    """Say it below the announcement, too, where those wait who are not in the incident's channel."""

    type: Literal["spread"] = "spread"
    event: Event


class PostSummary(Frozen):
    """Post the recovery figures that are due on `day`; belongs to the workspace and to no incident.

    `previous` is the day of the summary before: this one speaks of all that happened since.
    """

    type: Literal["post_summary"] = "post_summary"
    day: date
    previous: date
    channel: str
    since: datetime | None = None  # until when the one before has told, whatever the clock is set to by now
    schedule: str = ""  # which of them, where there are several


class SendPicture(Frozen):
    """Send the chart of these figures to whoever asked for them, or into a channel; belongs to no incident.

    The one or the other is named. `window` ends with `until`, or when it is drawn.
    """

    type: Literal["send_picture"] = "send_picture"
    person: str = ""
    channel: str = ""
    until: datetime | None = None
    window: str
    severities: tuple[str, ...] = ()
    service: str = ""


class FetchMessage(Frozen):
    """Look at a message that `person` keeps: who wrote it and what it says come back as `Capture`.

    It stands in the incident's channel, or in `channel` where that is named.

    `author` and `text` are what Slack told with the pin, for the case that the message is gone by then.
    """

    type: Literal["fetch_message"] = "fetch_message"
    ts: str
    person: str
    kept: Kept
    author: str = ""
    text: str = ""
    channel: str = ""


class FetchFile(Frozen):
    """Read the bytes of a file that was shared, once; their SHA-256 comes back as `Capture`."""

    type: Literal["fetch_file"] = "fetch_file"
    file: str
    name: str


class SendExport(Frozen):
    """Send the whole incident as a file to whoever asked for it."""

    type: Literal["send_export"] = "send_export"
    person: str
    form: ExportForm


class FindLikeness(Frozen):
    """Look for earlier incidents that this one looks like; what is found comes back as `PointOut`."""

    type: Literal["find_likeness"] = "find_likeness"


class DraftPostmortem(Frozen):
    """Write the postmortem as it is by then: into a canvas where there may be one, and as a file."""

    type: Literal["draft_postmortem"] = "draft_postmortem"


Effect = Annotated[
    OpenChannel
    | Invite
    | CallGroup
    | Draw
    | Pin
    | Bookmark
    | Tell
    | Brief
    | Whisper
    | Spread
    | PostSummary
    | SendPicture
    | FetchMessage
    | FetchFile
    | SendExport
    | FindLikeness
    | DraftPostmortem,
    Field(discriminator="type"),
]

effect_adapter: TypeAdapter[Effect] = TypeAdapter(Effect)

# Slack's guidance is seconds between updates of one message, and its tier 50 a minute in all.
REDRAW_SECONDS = 1.0


def coalesce_key(effect: Effect) -> str | None:
    """At most one effect with this key waits for an incident at a time; None: every one counts."""
    match effect:
        case Draw():
            return "draw:" + effect.surface
        case Pin():
            return "pin:" + effect.surface
        case Bookmark():
            return "bookmark:" + effect.surface
        case SendPicture() if effect.channel:
            return None
        case SendPicture():  # a command that is delivered twice asks for one picture
            asked = (effect.person, effect.window, *effect.severities, effect.service)
            return f"picture:{' '.join(asked)}"
        case FetchMessage():  # whoever reacts second asks for nothing new
            return f"message:{effect.ts}:{effect.kept.value}"
        case FindLikeness():
            return "likeness"
        case DraftPostmortem():  # two who press at once want one draft
            return "postmortem"
        case FetchFile():
            return f"file:{effect.file}"
        case SendExport():
            return f"export:{effect.person} {effect.form.value}"
        case OpenChannel() | Invite() | CallGroup() | Tell() | Brief() | Whisper() | Spread() | PostSummary():
            return None
        case _:
            assert_never(effect)


def spacing(effect: Effect) -> float:
    """Seconds between two effects of the same coalesce key. The first is never held back."""
    return REDRAW_SECONDS if isinstance(effect, Draw) else 0.0


def lane(effect: Effect) -> str:
    """Effects of one incident in the same lane happen in order; lanes run side by side.

    A surface has a lane of its own, because a draw that waits must not hold back what people say. Invitations
    do not wait for messages either: people first.
    """
    match effect:
        case Draw() | Pin():
            return "surface:" + effect.surface
        case Bookmark():  # three calls, which no redraw waits for
            return "bookmark:" + effect.surface
        case Invite():
            return f"invite:{effect.person}"
        case CallGroup():
            return f"call:{effect.group}"
        case Spread():
            return "announcement"
        case Brief() | Whisper():
            return f"brief:{effect.person}"
        case OpenChannel() | Tell():
            return "channel"
        case PostSummary():
            return "summary"
        case SendPicture() if effect.channel:  # below the words of the summary
            return "summary"
        case SendPicture():
            return f"picture:{effect.person}"
        case SendExport():
            return f"export:{effect.person}"
        case FetchMessage():
            return f"message:{effect.ts}"
        case FetchFile():
            return f"file:{effect.file}"
        case DraftPostmortem():
            return "postmortem"
        case FindLikeness():
            return "likeness"
        case _:
            assert_never(effect)
