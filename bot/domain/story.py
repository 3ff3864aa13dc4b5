"""What happened, told as sentences: one line an event, for timelines, exports and postmortems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from bot.domain import story_captured, story_flags, story_gates
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
from bot.domain.evolving import Turn
from bot.domain.happened import EntryCorrected
from bot.domain.incident import Incident
from bot.domain.language import Quote, Translate, Who, as_it_is, stopped
from bot.domain.likeness import LikenessFound, likeness_line
from bot.domain.measure_words import measured_line
from bot.domain.metrics.wording import duration_words
from bot.domain.naming import milestone_word, phase_word, role_word
from bot.domain.reminder_words import reminder_line, utc_clock
from bot.domain.reminders import FLAG_REVIEW
from bot.domain.switching import Switched
from bot.domain.vocabulary import Kind, Phase, Role, incident_name


def is_told(event: Event) -> bool:
    """Whether people read it in a timeline: bookkeeping about messages is left out."""
    return not isinstance(event, (SurfacePosted, CanvasLinked))


def line(event: Event, t: Translate, who: Who, quote: Quote = as_it_is) -> str:
    """One sentence. `who` names a person; `quote` escapes what people typed for where it will be read."""
    by = who(event.by)
    if isinstance(event, Turn):
        return _turned(event, t, by, quote)
    if isinstance(event, Switched):
        return story_flags.line(event, t, who, quote)
    if isinstance(event, Captured):
        return story_captured.line(event, t, who, quote)
    match event:
        case IncidentDeclared():
            return _declared_line(event, t, by, quote)
        case RunbookChosen():
            return _runbook_line(event, t, by, quote)
        case ChannelOpened():
            return _opened_line(event, t, quote)
        case SurfacePosted():
            return t("A message that is kept up to date was posted: {surface}", surface=event.surface.value)
        case SeverityChanged():
            return t(
                "{who} changed the severity from {previous} to {severity}.",
                who=by,
                previous=event.previous.value,
                severity=event.severity.value,
            )
        case RoleTaken():
            return _role_line(event, t, who)
        case StepDone() | StepSkipped() | StepReopened():
            return _step_line(event, t, by, quote)
        case StepAssigned() | StepNoted() | StepAdded():
            return _step_talk(event, t, who, quote)
        case GateAnswered() | GateOverridden():
            return story_gates.gate_line(event, t, who, quote)
        case ActionItemAdded() | ActionItemDone() | ActionItemReopened():
            return story_gates.item_line(event, t, who, quote)
        case PhaseEntered() | IncidentClosed():
            return _phase_line(event, t, by)
        case UpdatePosted():
            return _update_line(event, t, by, quote)
        case NoteAdded():
            return t("{who}: {text}", who=by, text=quote(event.text))
        case LikenessFound() | PostmortemAsked() | CanvasLinked() | FigureMeasured():
            return _beside_line(event, t, by, quote)
        case IncidentImported() | UpdateImported() | ImportRestated():
            return _imported_line(event, t, quote)
        case EntryCorrected():
            return _entry_corrected(event, t, by, quote)
        case ReminderSent():
            if event.name.startswith(FLAG_REVIEW):
                return story_flags.review_line(event.name, t, quote)
            return reminder_line(event, t, who, quote)
        case ReminderSnoozed():
            return t("{who} will be reminded again at {when}.", who=by, when=utc_clock(event.until))
        case _:
            assert_never(event)


def _beside_line(
    event: LikenessFound | PostmortemAsked | CanvasLinked | FigureMeasured,
    t: Translate,
    by: str,
    quote: Quote,
) -> str:
    match event:
        case LikenessFound():
            return likeness_line(event, t, quote)
        case PostmortemAsked():
            return t("{who} asked for the draft of the postmortem.", who=by)
        case CanvasLinked():
            return t("The draft of the postmortem was written into the channel's canvas.")
        case FigureMeasured():
            return measured_line(event.measure, event.previous, t, by, quote)


def _opened_line(event: ChannelOpened, t: Translate, quote: Quote) -> str:
    if event.adopted:
        return t("The channel #{name} became the incident's.", name=quote(event.name))
    return t("The channel #{name} was opened.", name=quote(event.name))


def _declared_line(event: IncidentDeclared, t: Translate, by: str, quote: Quote) -> str:
    title, severity = quote(event.title), event.severity.value
    declared = t("{who} declared {severity}: {title}", who=by, severity=severity, title=title)
    affected = affected_words(event, t, quote)
    return t("{declared} (affected: {what})", declared=declared, what=affected) if affected else declared


def affected_words(of: Incident | IncidentDeclared, t: Translate, quote: Quote = as_it_is) -> str:
    """The affected services and critical paths in a line; empty where nobody named any."""
    services, paths = (", ".join(quote(name) for name in names) for names in (of.services, of.paths))
    return " · ".join(part for part in (services, t("paths: {paths}", paths=paths) if paths else "") if part)


def _runbook_line(event: RunbookChosen, t: Translate, by: str, quote: Quote) -> str:
    if event.previous is None:
        return t("Runbook: {title}", title=quote(event.title))
    return t(
        "{who} changed the runbook to “{title}”; it was “{previous}”.",
        who=by,
        title=quote(event.title),
        previous=quote(event.previous),
    )


def _role_line(event: RoleTaken, t: Translate, who: Who) -> str:
    person, role = who(event.person), role_word(event.role, t)
    if event.previous is None:
        if event.by != event.person:
            return t("{by} gave {who} the role {role}.", by=who(event.by), who=person, role=role)
        if event.role is Role.COMMANDER:
            return t("{who} took the lead.", who=person)
        return t("{who} took the role {role}.", who=person, role=role)
    previous = who(event.previous)
    if event.role is Role.COMMANDER and event.by == event.person:
        said = t("{who} took the lead over from {previous}.", who=person, previous=previous)
    elif event.by == event.previous:
        said = t("{previous} handed the role {role} over to {who}.", previous=previous, role=role, who=person)
    elif event.by == event.person:
        said = t("{who} took the role {role} over from {previous}.", who=person, role=role, previous=previous)
    else:
        said = t(
            "{by} gave {who} the role {role}, which {previous} had.",
            by=who(event.by),
            who=person,
            role=role,
            previous=previous,
        )
    if event.since is None:
        return said
    held = duration_words(max(0.0, (event.at - event.since).total_seconds()), t)
    since = f"{event.since.astimezone(UTC):%H:%M} UTC"
    return (
        said
        + " "
        + t("{previous} had held it since {since}, for {time}.", previous=previous, since=since, time=held)
    )


def _step_line(event: StepDone | StepSkipped | StepReopened, t: Translate, by: str, quote: Quote) -> str:
    match event:
        case StepDone():
            return t("{who} did: {step}", who=by, step=quote(event.text))
        case StepSkipped():
            return t(
                "{who} skipped: {step} Reason: {reason}",
                who=by,
                step=quote(stopped(event.text)),
                reason=quote(event.reason),
            )
        case StepReopened():
            return t("{who} opened again: {step}", who=by, step=quote(event.text))


def _step_talk(event: StepAssigned | StepNoted | StepAdded, t: Translate, who: Who, quote: Quote) -> str:
    by = who(event.by)
    match event:
        case StepAssigned() if event.by == event.person:
            return t("{who} takes on: {step}", who=by, step=quote(event.text))
        case StepAssigned():
            return t("{by} asks {who} to do: {step}", by=by, who=who(event.person), step=quote(event.text))
        case StepNoted():
            return t(
                "{who} noted on “{step}”: {note}",
                who=by,
                step=quote(event.text.rstrip(".")),
                note=quote(event.note),
            )
        case StepAdded():
            return t("{who} added a step: {step}", who=by, step=quote(event.step.text))


def marks(incident: Incident, t: Translate) -> str:
    """What must be known before all else, wherever the incident is shown: `drill · left unverified: repair`."""
    told = [t("private")] if incident.private else []
    match incident.kind:
        case Kind.DRILL:
            told.append(t("drill"))
        case Kind.TEST:
            told.append(t("test"))
        case Kind.MAINTENANCE:
            told.append(t("maintenance"))
        case Kind.RETROACTIVE:
            told.append(t("written down afterwards"))
        case Kind.REAL:
            pass
    if incident.origin is not None:
        told.append(t("imported from {source}", source=incident.origin.source))
    if incident.cancelled is not None:
        told.append(t("not an incident"))
    if incident.merged_into is not None:
        told.append(t("duplicate of {parent}", parent=incident_name(incident.merged_into)))
    return " · ".join(filter(None, [*told, story_gates.unverified_words(incident, t)]))


def _phase_line(event: PhaseEntered | IncidentClosed, t: Translate, by: str) -> str:
    match event:
        case PhaseEntered(left=Phase.STABILIZE):
            return t("{who}: stabilized. Phase {phase} begins.", who=by, phase=phase_word(event.phase, t))
        case PhaseEntered(left=Phase.REPAIR):
            return t("{who}: repaired. Phase {phase} begins.", who=by, phase=phase_word(event.phase, t))
        case PhaseEntered():
            return t("{who}: phase {phase} begins.", who=by, phase=phase_word(event.phase, t))
        case IncidentClosed():
            return t("{who} closed the incident.", who=by)


def _update_line(event: UpdatePosted, t: Translate, by: str, quote: Quote) -> str:
    said = [t("{who} told those who wait: {text}", who=by, text=quote(event.text))]
    if event.doing:
        said.append(t("What we do: {doing}", doing=quote(event.doing)))
    if event.next_at is not None:
        said.append(t("Next update: {when}", when=utc(event.next_at)))
    return "\n".join(said)


def _turned(event: Turn, t: Translate, by: str, quote: Quote) -> str:
    match event:
        case DuplicateAbsorbed():
            return t("{who}: {child} is the same as this one.", who=by, child=incident_name(event.child))
        case DuplicateReleased():
            return t("{who}: {child} is one of its own after all.", who=by, child=incident_name(event.child))
        case MilestoneCorrected():
            return _corrected(event, t, by, quote)
        case IncidentReopened():
            said = t("{who} reopened the incident.", who=by)
        case PhaseReturned():
            said = t(
                "{who} went back from {left} to {phase}.",
                who=by,
                left=phase_word(event.left, t),
                phase=phase_word(event.phase, t),
            )
        case IncidentCancelled():
            said = t("{who} cancelled: not an incident.", who=by)
        case IncidentMerged():
            said = t(
                "{who} merged this into {parent}: a duplicate.", who=by, parent=incident_name(event.into)
            )
        case IncidentUnmerged():
            said = t("{who}: no duplicate of {parent} after all.", who=by, parent=incident_name(event.into))
    return said + " " + t("Reason: {reason}", reason=quote(event.reason))


def _corrected(event: MilestoneCorrected, t: Translate, by: str, quote: Quote) -> str:
    blanks = {
        "who": by,
        "milestone": milestone_word(event.milestone, t),
        "time": utc(event.time),
        "reason": quote(event.reason),
    }
    if event.previous is None:
        return t("{who}: {milestone} at {time}. Reason: {reason}", **blanks)
    return t(
        "{who} corrected {milestone} from {previous} to {time}. Reason: {reason}",
        previous=utc(event.previous),
        **blanks,
    )


def _entry_corrected(event: EntryCorrected, t: Translate, by: str, quote: Quote) -> str:
    return t(
        "{who} corrected the time of entry {number} from {previous} to {time}. Reason: {reason}",
        who=by,
        number=f"#{event.entry}",
        previous=utc(event.previous),
        time=utc(event.time),
        reason=quote(event.reason),
    )


def _imported_line(
    event: IncidentImported | UpdateImported | ImportRestated, t: Translate, quote: Quote
) -> str:
    match event:
        case IncidentImported():
            return t(
                "Imported from {source} as {id}: {severity}, {title}",
                source=quote(event.source),
                id=quote(event.source_id),
                severity=event.severity.value,
                title=quote(event.title),
            )
        case UpdateImported():
            return t("{status}: {text}", status=quote(event.status), text=quote(event.text))
        case ImportRestated():
            told = (
                t(
                    "{field} {now} instead of {before}",
                    field=each.field,
                    now=quote(each.now) or "–",
                    before=quote(each.before) or "–",
                )
                for each in event.restated
            )
            return t(
                "{source} says otherwise by now: {what}",
                source=quote(event.said.source),
                what="; ".join(told),
            )


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
