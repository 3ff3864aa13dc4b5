"""How each event changes an incident. `evolve` is total: the past is not up for debate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from bot.domain import capturing, privacy, switching
from bot.domain.captured import Captured
from bot.domain.elsewhere import ImportRestated, IncidentImported, UpdateImported
from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ActionItemReopened,
    CanvasLinked,
    ChannelOpened,
    DuplicateAbsorbed,
    DuplicateReleased,
    Event,
    FigureMeasured,
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
from bot.domain.incident import (
    Duplicate,
    Incident,
    Item,
    Origin,
    Place,
    Remark,
    Standing,
    Update,
)
from bot.domain.likeness import LikenessFound
from bot.domain.measures import with_measure
from bot.domain.questions import ActionItem
from bot.domain.reminders import FLAG_REVIEW, ITEM_DUE, ITEM_SOON, UPDATE_DUE
from bot.domain.runbook import Step
from bot.domain.vocabulary import (
    Kind,
    Milestone,
    Phase,
    Role,
    StepState,
)

REACHED_BY_LEAVING = {Phase.STABILIZE: Milestone.STABILIZED, Phase.REPAIR: Milestone.REPAIRED}


def evolve(incident: Incident, event: Event) -> Incident:
    """The incident after one more event. Never refuses, never looks at anything but its arguments."""
    changes = {**_changes(incident, event), **privacy.insiders(incident, event)}
    return incident.model_copy(update={**changes, "version": incident.version + 1})


def replay(number: int, events: Iterable[Event]) -> Incident:
    """The incident that these events make, from the first on."""
    incident = Incident(number=number)
    for event in events:
        incident = evolve(incident, event)
    return incident


Tick = StepDone | StepSkipped | StepReopened
Turn = (
    IncidentReopened
    | IncidentUnmerged
    | IncidentCancelled
    | IncidentMerged
    | PhaseReturned
    | DuplicateAbsorbed
    | DuplicateReleased
    | MilestoneCorrected
)


def _changes(incident: Incident, event: Event) -> dict[str, object]:
    if isinstance(event, Tick):  # first: most of what happens is a click
        return {"items": _ticked(incident.items, event)}
    if isinstance(event, Turn):
        return _turned(incident, event)
    if isinstance(event, switching.Switched):
        return switching.switched(incident, event)
    if isinstance(event, Captured):
        return capturing.captured(incident, event)
    match event:
        case IncidentDeclared():
            return _declared(incident, event)
        case RunbookChosen():
            return {
                "runbook": event.runbook,
                "runbook_title": event.title,
                "wanted_roles": event.roles,
                "questions": event.questions,
                "items": _items(incident, event),
            }
        case ChannelOpened():
            return {"channel": event.channel, "channel_name": event.name}
        case SurfacePosted():
            place = Place(channel=event.channel, ts=event.ts)
            return {"surfaces": incident.surfaces | {event.surface: place}}
        case SeverityChanged():
            return {"severity": event.severity, "peak": min(incident.peak, event.severity)}
        case RoleTaken():
            return _role_taken(incident, event)
        case StepAssigned() | StepNoted():
            return {"items": tuple(_annotated(item, event) for item in incident.items)}
        case StepAdded():
            return {"items": (*incident.items, Item(step=event.step, phase=event.phase))}
        case PhaseEntered():
            return {"phase": event.phase, "milestones": _passed(incident, event), **_told(incident)}
        case GateAnswered() | GateOverridden():
            return _at_the_gate(incident, event)
        case ActionItemAdded() | ActionItemDone() | ActionItemReopened():
            return _item_turned(incident, event)
        case IncidentClosed():
            return {
                "phase": Phase.CLOSED,
                "milestones": incident.milestones | {Milestone.CLOSED: event.at},
            }
        case UpdatePosted():
            return {"update": _update(event), **_told(incident)}
        case IncidentImported() | ImportRestated():
            return _imported(event if isinstance(event, IncidentImported) else event.said)
        case FigureMeasured():
            return {"measures": with_measure(incident.measures, event.measure)}
        case LikenessFound():
            return {"alike": tuple(each.number for each in event.earlier)}
        case CanvasLinked():
            return {"canvas": event.canvas}
        case PostmortemAsked() | NoteAdded() | UpdateImported() | EntryCorrected():
            return {}
        case ReminderSent() | ReminderSnoozed():
            return _reminded(incident, event)
        case _:
            assert_never(event)


def _turned(incident: Incident, event: Turn) -> dict[str, object]:
    match event:
        case IncidentReopened() | IncidentUnmerged():
            return _gone_on(incident, event)
        case IncidentCancelled():
            return {**_set_aside(incident, event.at), "cancelled": event.reason}
        case IncidentMerged():
            return {**_set_aside(incident, event.at), "merged_into": event.into}
        case PhaseReturned():
            milestones = _until(incident, event.phase)
            return {"phase": event.phase, "milestones": milestones, **_told(incident)}
        case DuplicateAbsorbed():
            started = Duplicate(declared=event.declared, impact_started=event.impact_started)
            return {"absorbed": incident.absorbed | {event.child: started}}
        case DuplicateReleased():
            return {"absorbed": {n: each for n, each in incident.absorbed.items() if n != event.child}}
        case MilestoneCorrected():
            return _corrected(incident, event)


def _update(event: UpdatePosted) -> Update:
    return Update(by=event.by, at=event.at, text=event.text, doing=event.doing, next_at=event.next_at)


def _declared(incident: Incident, event: IncidentDeclared) -> dict[str, object]:
    reached = {
        Milestone.DECLARED: event.at,
        Milestone.IMPACT_STARTED: event.impact_started,
        Milestone.IMPACT_ENDED: event.impact_ended,
    }
    changes: dict[str, object] = {
        "title": event.title,
        "severity": event.severity,
        "peak": event.severity,
        "kind": event.kind,
        "declared_by": event.by,
        "services": event.services,
        "paths": event.paths,
        "on_call": event.on_call,
        "invited": event.invited,
        "private": event.private,
        "adopts": event.adopts,
        "channel": None if event.adopts is None else event.adopts.channel,
        "customs": event.customs,
        "milestones": incident.milestones | {milestone: at for milestone, at in reached.items() if at},
    }
    if event.kind is Kind.RETROACTIVE:  # it is over: what is left to do is that it does not come back
        changes["phase"] = Phase.PREVENT
    return changes


def _imported(event: IncidentImported) -> dict[str, object]:
    """Over unless the source says otherwise; what is left to do is left to whoever ran it."""
    over = event.milestones.keys() & {Milestone.REPAIRED, Milestone.CLOSED}
    aside = event.cancelled is not None or event.duplicate_of is not None
    phase = Phase.REPAIR if Milestone.STABILIZED in event.milestones else Phase.STABILIZE
    return {
        "title": event.title,
        "severity": event.severity,
        "peak": event.peak,
        "kind": event.kind,
        "declared_by": event.by,
        "phase": Phase.CLOSED if over or aside or event.kind is not Kind.REAL else phase,
        "milestones": {Milestone.DECLARED: event.at, **event.milestones},
        "cancelled": event.cancelled,
        "reopened": event.reopened,
        "services": event.services,
        "origin": Origin(
            source=event.source,
            id=event.source_id,
            url=event.url,
            cause=event.cause,
            duplicate_of=event.duplicate_of,
        ),
    }


def _set_aside(incident: Incident, at: datetime) -> dict[str, object]:
    standing = Standing(phase=incident.phase, milestones=incident.milestones)
    closed = {Milestone.CLOSED: at, **incident.milestones}
    return {"phase": Phase.CLOSED, "before": standing, "milestones": closed}


def _corrected(incident: Incident, event: MilestoneCorrected) -> dict[str, object]:
    """What is corrected while the incident is set aside stays so when it comes back."""
    corrected = {event.milestone: event.time}
    standing = incident.before
    if standing is not None:
        standing = standing.model_copy(update={"milestones": standing.milestones | corrected})
    return {"milestones": incident.milestones | corrected, "before": standing}


def _gone_on(incident: Incident, event: IncidentReopened | IncidentUnmerged) -> dict[str, object]:
    """Exactly where it stood, if it was set aside; after a close from the first phase on, without the old ends."""
    if incident.before is not None:
        standing = incident.before
        return {
            "phase": standing.phase,
            "milestones": standing.milestones,
            "before": None,
            "cancelled": None,
            "merged_into": None,
        }
    if isinstance(event, IncidentUnmerged):
        return {"merged_into": None}
    return {
        "phase": Phase.STABILIZE,
        "milestones": _until(incident, Phase.STABILIZE),
        "reopened": incident.reopened + 1,
        **_told(incident),
    }


def _until(incident: Incident, phase: Phase) -> dict[Milestone, datetime]:
    """Without the milestones that leaving `phase` and those after it had reached."""
    later = list(Phase)[list(Phase).index(phase) :]
    undone = {REACHED_BY_LEAVING.get(each, Milestone.CLOSED) for each in later}
    return {milestone: at for milestone, at in incident.milestones.items() if milestone not in undone}


def _items(incident: Incident, event: RunbookChosen) -> tuple[Item, ...]:
    """The steps of the runbook, with what became of them before: a tick keeps the words that were ticked.

    What the new runbook lacks stays behind the others of its phase when it is closed or was added by people.
    """
    before = {item.step.id: item for item in incident.items}
    items = [
        _carried_over(before.pop(step.id, None), step, phase)
        for phase in Phase
        for step in event.steps.get(phase, ())
    ]
    items += [each for each in before.values() if each.state is not StepState.OPEN or each.is_added]
    return tuple(item for phase in Phase for item in items if item.phase is phase)


def _carried_over(before: Item | None, step: Step, phase: Phase) -> Item:
    if before is None:
        return Item(step=step, phase=phase)
    if before.state is StepState.OPEN:
        return before.model_copy(update={"step": step, "phase": phase})
    return before.model_copy(update={"phase": phase})


def _role_taken(incident: Incident, event: RoleTaken) -> dict[str, object]:
    if event.role is Role.RESPONDER:
        return {"responders": tuple(dict.fromkeys([*incident.responders, event.person]))}
    changes: dict[str, object] = {
        "roles": incident.roles | {event.role: event.person},
        "held_since": incident.held_since | {event.role: event.at},
    }
    if event.role is Role.COMMANDER and Milestone.ACKNOWLEDGED not in incident.milestones:
        changes["milestones"] = incident.milestones | {Milestone.ACKNOWLEDGED: event.at}
    return changes


def _ticked(items: tuple[Item, ...], event: Tick) -> tuple[Item, ...]:
    """All others stay the very same object: what is another one is written anew."""
    match event:
        case StepDone():
            closed = {"state": StepState.DONE, "by": event.by, "at": event.at, "reason": ""}
        case StepSkipped():
            closed = {"state": StepState.SKIPPED, "by": event.by, "at": event.at, "reason": event.reason}
        case StepReopened():
            closed = {"state": StepState.OPEN, "by": None, "at": None, "reason": ""}
    step = event.step
    for place, item in enumerate(items):
        if item.step.id == step:
            return (*items[:place], item.model_copy(update=closed), *items[place + 1 :])
    return items


def _annotated(item: Item, event: StepAssigned | StepNoted) -> Item:
    if item.step.id != event.step:
        return item
    match event:
        case StepAssigned():
            return item.model_copy(update={"assignee": event.person})
        case StepNoted():
            remark = Remark(by=event.by, at=event.at, text=event.note)
            return item.model_copy(update={"notes": (*item.notes, remark)})


def _at_the_gate(incident: Incident, event: GateAnswered | GateOverridden) -> dict[str, object]:
    """What is answered is proven; what was answered before an override stays readable."""
    match event:
        case GateAnswered():
            unproven = {phase: why for phase, why in incident.unverified.items() if phase is not event.phase}
            return {"answers": incident.answers | {event.phase: event.answers}, "unverified": unproven}
        case GateOverridden():
            return {"unverified": incident.unverified | {event.phase: event.reason}}


def _item_turned(
    incident: Incident, event: ActionItemAdded | ActionItemDone | ActionItemReopened
) -> dict[str, object]:
    """Added, done, or open again; then its reminders are as new."""
    if isinstance(event, ActionItemAdded):
        return {"action_items": (*incident.action_items, event.item)}
    items = tuple(_finished(item, event) for item in incident.action_items)
    if isinstance(event, ActionItemDone):
        return {"action_items": items}
    sent = (f"{ITEM_SOON}{event.number}", f"{ITEM_DUE}{event.number}")
    return {"action_items": items, "reminded": tuple(name for name in incident.reminded if name not in sent)}


def _finished(item: ActionItem, event: ActionItemDone | ActionItemReopened) -> ActionItem:
    if item.number != event.number:
        return item
    done = isinstance(event, ActionItemDone)
    return item.model_copy(
        update={"done_by": event.by if done else None, "done_at": event.at if done else None}
    )


def _told(incident: Incident) -> dict[str, object]:
    """Those who wait were told, or wait for something else now: the time until the next update begins anew."""
    return {
        "reminded_at": {name: at for name, at in incident.reminded_at.items() if name != UPDATE_DUE},
        "snoozed": {name: at for name, at in incident.snoozed.items() if name != UPDATE_DUE},
    }


def _reminded(incident: Incident, event: ReminderSent | ReminderSnoozed) -> dict[str, object]:
    """An update is wanted again and again until there is one, everything else once; put off, once more."""
    if isinstance(event, ReminderSnoozed):
        return {
            "snoozed": incident.snoozed | {event.name: event.until},
            "reminded": tuple(name for name in incident.reminded if name != event.name),
        }
    if event.name.startswith(FLAG_REVIEW):
        return switching.reminded(incident, event)
    names = [each.name for each in event.everything]
    once = [name for name in names if name != UPDATE_DUE]
    changes: dict[str, object] = {
        "reminded": (*incident.reminded, *once),
        "snoozed": {name: at for name, at in incident.snoozed.items() if name not in names},
    }
    if UPDATE_DUE in names:
        changes["reminded_at"] = incident.reminded_at | {UPDATE_DUE: event.at}
    return changes


def _passed(incident: Incident, event: PhaseEntered) -> dict[Milestone, datetime]:
    reached = REACHED_BY_LEAVING.get(event.left)
    return incident.milestones if reached is None else incident.milestones | {reached: event.at}
