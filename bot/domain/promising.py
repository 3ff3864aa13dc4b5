"""Which effects an event promises, seen from the state after it. What they are stands in `effects`."""

from __future__ import annotations

from typing import assert_never

from bot.domain.away import FlagNotSwitched, FlagSwitching
from bot.domain.captured import Captured, FileShared, Kept, PersonLeft
from bot.domain.effects import (
    Bookmark,
    Brief,
    CallGroup,
    DraftPostmortem,
    Draw,
    Effect,
    FetchFile,
    FetchMessage,
    FindLikeness,
    Invite,
    OpenChannel,
    Pin,
    PostSummary,
    SendExport,
    SendPicture,
    Spread,
    Tell,
    Whisper,
)
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
from bot.domain.privacy import may_see
from bot.domain.reminders import item_of
from bot.domain.vocabulary import Kind, Role, Surface

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
