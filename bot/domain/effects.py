"""What must happen outside because of an event. Promised in the transaction that stores the event."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, assert_never

from pydantic import Field, TypeAdapter

from bot.domain.away import FlagNotSwitched, FlagSwitching
from bot.domain.captured import Captured, FileShared, Kept, PersonLeft
from bot.domain.elsewhere import ImportRestated, IncidentImported, UpdateImported
from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ActionItemReopened,
    CanvasLinked,
    ChannelOpened,
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    DuplicateAbsorbed,
    DuplicateReleased,
    Event,
    FigureMeasured,
    FlagAsked,
    FlagContained,
    FlagRestored,
    GateAnswered,
    GateOverridden,
    IncidentCancelled,
    IncidentClosed,
    IncidentDeclared,
    IncidentMerged,
    IncidentReopened,
    IncidentUnmerged,
    MilestoneCorrected,
    NoteAdded,
    PhaseEntered,
    PhaseReturned,
    PostmortemAsked,
    ReminderSent,
    ReminderSnoozed,
    RoleTaken,
    RunbookChosen,
    SeverityChanged,
    StepAdded,
    StepAssigned,
    StepDone,
    StepNoted,
    StepReopened,
    StepSkipped,
    SurfacePosted,
    UpdatePosted,
)
from bot.domain.happened import EntryCorrected
from bot.domain.incident import Incident
from bot.domain.likeness import LikenessFound
from bot.domain.one_incident import ExportForm
from bot.domain.privacy import may_see
from bot.domain.reminders import item_of
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Kind, Role, Surface


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

DRAWS = {surface: Draw(surface=surface) for surface in Surface}
IN_CHANNEL = (Surface.CARD, Surface.CHECKLIST, Surface.TOPIC)
PINNED = (Surface.CARD, Surface.CHECKLIST)
OF_A_CLICK = (DRAWS[Surface.CHECKLIST], DRAWS[Surface.CARD])


def promised(incident: Incident, event: Event) -> list[Effect]:
    """The effects that `event` asks for; `incident` is the state after it.

    Before the channel exists only the announcement can be drawn: `ChannelOpened` promises the rest, so that
    nothing has to wait in a queue for something that is not there yet. Of a private incident nothing is said
    where others read: it is announced nowhere.
    """
    wanted = _wanted(incident, event)
    if incident.private:
        wanted = [effect for effect in wanted if not _is_announced(effect)]
    return [effect for effect in wanted if _has_channel(incident) or not _needs_channel(effect)]


def _has_channel(incident: Incident) -> bool:
    """One that is adopted is known before the bot is in it."""
    return incident.channel is not None and (incident.adopts is None or incident.channel_name is not None)


def _is_announced(effect: Effect) -> bool:
    return isinstance(effect, Spread) or effect == Draw(surface=Surface.ANNOUNCEMENT)


def _needs_channel(effect: Effect) -> bool:
    match effect:
        case OpenChannel() | Spread() | Whisper() | PostSummary() | SendPicture() | SendExport():
            return False
        case Draw():
            return effect.surface in IN_CHANNEL
        case FetchMessage():
            return not effect.channel
        case (
            Invite()
            | CallGroup()
            | Pin()
            | Bookmark()
            | Tell()
            | Brief()
            | FetchFile()
            | DraftPostmortem()
            | FindLikeness()
        ):
            return True
        case _:
            assert_never(effect)


def _wanted(incident: Incident, event: Event) -> list[Effect]:
    if isinstance(event, Captured):
        return _of_channel(incident, event)
    match event:
        case StepDone() | StepSkipped() | StepReopened() | StepAdded() | StepNoted():
            return list(OF_A_CLICK)
        case IncidentDeclared():
            return [OpenChannel(), Draw(surface=Surface.ANNOUNCEMENT), *_told_of(event)]
        case ChannelOpened():
            at_once = [surface for surface in Surface if surface is not Surface.CHECKLIST]
            return [*_invitations(incident), *_draws(*at_once), *_briefs(incident)]
        case SurfacePosted(surface=Surface.CARD):  # the checklist waits for it, to stand below and not above
            return [*_found(event.surface), *_draws(Surface.CHECKLIST), *_likeness(incident)]
        case SurfacePosted():
            return _found(event.surface) if event.surface in PINNED else []
        case SeverityChanged():
            return [Tell(event=event), *_draws(Surface.CARD, Surface.ANNOUNCEMENT, Surface.TOPIC)]
        case RoleTaken():
            return [
                Invite(person=event.person),
                Tell(event=event),
                Brief(person=event.person, role=event.role),
                *_draws(Surface.CARD, Surface.ANNOUNCEMENT),
            ]
        case StepAssigned():
            return [Invite(person=event.person), Tell(event=event), *_draws(Surface.CHECKLIST)]
        case ActionItemAdded():
            return [Invite(person=event.owner), Tell(event=event), *_draws(Surface.CARD)]
        case ActionItemDone() | ActionItemReopened() | FigureMeasured():
            return [Tell(event=event), *_draws(Surface.CARD)]
        case PhaseEntered() | IncidentClosed() | GateOverridden():
            return [Tell(event=event), *_draws(*Surface)]
        case (
            IncidentReopened() | IncidentUnmerged() | IncidentCancelled() | IncidentMerged() | PhaseReturned()
        ):
            return [Tell(event=event), *_draws(*Surface)]
        case DuplicateAbsorbed() | DuplicateReleased() | MilestoneCorrected():
            return [Tell(event=event), *_draws(Surface.CARD, Surface.ANNOUNCEMENT)]
        case UpdatePosted():
            return [Tell(event=event), Spread(event=event), *_draws(Surface.CARD)]
        case NoteAdded() | GateAnswered() | EntryCorrected() | LikenessFound():
            return [Tell(event=event)]
        case PostmortemAsked():
            return [DraftPostmortem()]
        case ReminderSent():
            return _reminder(incident, event)
        case FlagContained() | FlagRestored():
            return [Tell(event=event), *_draws(Surface.CARD, Surface.ANNOUNCEMENT)]
        case ContainmentExtended() | ContainmentLost() | ContainmentEnded() | FlagAsked():
            return [Tell(event=event), *_draws(Surface.CARD)]
        case FlagSwitching() | FlagNotSwitched():
            return [Tell(event=event)]
        case RunbookChosen():
            told: list[Effect] = [] if event.previous is None else [Tell(event=event)]
            return [*told, *_draws(Surface.CHECKLIST, Surface.CARD)]
        case IncidentImported() | UpdateImported() | ImportRestated() | ReminderSnoozed() | CanvasLinked():
            return []  # not told anew
        case _:
            assert_never(event)


def _found(surface: Surface) -> list[Effect]:
    """However much is written below it, it is found again: among the pins, and in the bar above the channel."""
    return [Pin(surface=surface), Bookmark(surface=surface)]


def _likeness(incident: Incident) -> list[Effect]:
    """Below the card, once. A drill looks like nothing, and what is over when it is written down helps nobody."""
    return [FindLikeness()] if incident.kind is Kind.REAL and not incident.alike else []


def _told_of(event: IncidentDeclared) -> list[Effect]:
    """The message that it was declared from is an entry of the timeline: the first."""
    if event.source is None:
        return []
    ts, author, text = event.source.ts, event.source.author, event.source.text
    kept, channel = Kept.SOURCE, event.source.channel
    return [FetchMessage(ts=ts, person=event.by, kept=kept, author=author, text=text, channel=channel)]


def _of_channel(incident: Incident, event: Captured) -> list[Effect]:
    """What was seen in the channel is not told there once more; the bytes of a new file are wanted.

    When the bot is removed, it says so wherever it still can.
    """
    match event:
        case FileShared() if event.file not in incident.files_read:
            return [FetchFile(file=event.file, name=event.name)]
        case PersonLeft(is_bot=True) if not incident.is_closed:
            lead = incident.commander or incident.declared_by
            alone: list[Effect] = [Whisper(person=lead, event=event)] if may_see(incident, lead) else []
            # into a public channel it may write without being in it
            there: list[Effect] = [] if incident.private else [Tell(event=event)]
            return [*alone, Spread(event=event), *there]
        case _:
            return []


def _reminder(incident: Incident, event: ReminderSent) -> list[Effect]:
    is_item = item_of(incident, event.name) is not None
    if event.person is not None and is_item and may_see(incident, event.person):
        return [Whisper(person=event.person, event=event)]
    return [Tell(event=event)]


def _invitations(incident: Incident) -> list[Effect]:
    """Whoever declared, whoever holds a role by now and whom the affected services call, each once."""
    people = dict.fromkeys(
        [incident.declared_by, *incident.roles.values(), *incident.responders, *incident.invited]
    )
    groups = [CallGroup(group=group) for group in incident.on_call]
    return [*(Invite(person=person) for person in people), *groups]


def _briefs(incident: Incident) -> list[Effect]:
    """For those who took a role before there was a channel to speak of."""
    return [Brief(person=person, role=role) for role in Role for person in incident.holders(role)]


def _draws(*surfaces: Surface) -> list[Effect]:
    return [DRAWS[surface] for surface in surfaces]


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


REDRAW_SECONDS = (
    1.0  # Slack's guidance is seconds between updates of one message, and its tier 50 a minute in all
)


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
