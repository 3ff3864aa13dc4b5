"""What happened, told as sentences: one line an event, for timelines, exports and postmortems."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from bot.domain.events import (
    ChannelOpened,
    Event,
    FlagContained,
    FlagRestored,
    IncidentClosed,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    RoleTaken,
    RunbookChosen,
    SeverityChanged,
    StepDone,
    StepReopened,
    StepSkipped,
    SurfacePosted,
)
from bot.domain.language import Translate
from bot.domain.vocabulary import Milestone, Phase, Role

Who = Callable[[str], str]
Quote = Callable[[str], str]


def as_it_is(text: str) -> str:
    """For screens without markup."""
    return text


def is_told(event: Event) -> bool:
    """Whether people read it in a timeline: bookkeeping about messages is left out."""
    return not isinstance(event, SurfacePosted)


def line(event: Event, t: Translate, who: Who, quote: Quote = as_it_is) -> str:
    """One sentence. `who` names a person; `quote` escapes what people typed for where it will be read."""
    by = who(event.by)
    match event:
        case IncidentDeclared():
            return t(
                "{who} declared {severity}: {title}",
                who=by,
                severity=event.severity.value,
                title=quote(event.title),
            )
        case RunbookChosen():
            return t("Runbook: {title}", title=quote(event.title))
        case ChannelOpened():
            return t("The channel #{name} was opened.", name=quote(event.name))
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
        case PhaseEntered() | IncidentClosed():
            return _phase_line(event, t, by)
        case NoteAdded():
            return t("{who}: {text}", who=by, text=quote(event.text))
        case FlagContained() | FlagRestored():
            return _flag_line(event, t, by, quote)
        case _:
            assert_never(event)


def _role_line(event: RoleTaken, t: Translate, who: Who) -> str:
    person = who(event.person)
    if event.role is not Role.COMMANDER:
        return t("{who} took the role {role}.", who=person, role=role_word(event.role, t))
    if event.previous is None:
        return t("{who} took the lead.", who=person)
    return t("{who} took the lead over from {previous}.", who=person, previous=who(event.previous))


def _step_line(event: StepDone | StepSkipped | StepReopened, t: Translate, by: str, quote: Quote) -> str:
    match event:
        case StepDone():
            return t("{who} did: {step}", who=by, step=quote(event.text))
        case StepSkipped():
            return t(
                "{who} skipped: {step} Reason: {reason}",
                who=by,
                step=quote(_stopped(event.text)),
                reason=quote(event.reason),
            )
        case StepReopened():
            return t("{who} opened again: {step}", who=by, step=quote(event.text))


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


def _flag_line(event: FlagContained | FlagRestored, t: Translate, by: str, quote: Quote) -> str:
    match event:
        case FlagContained():
            return t(
                "{who} contained the flag {flag}: served {before}, now held at {safe}. Reason: {reason}",
                who=by,
                flag=quote(event.flag),
                before=quote(event.before),
                safe=quote(event.safe),
                reason=quote(event.reason),
            )
        case FlagRestored():
            return t(
                "{who} let go of the flag {flag}: it serves {serves} again.",
                who=by,
                flag=quote(event.flag),
                serves=quote(event.serves),
            )


def _stopped(text: str) -> str:
    """Ends as a sentence does, so that the next one can follow."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def phase_word(phase: Phase, t: Translate) -> str:
    """The phase's name for people."""
    match phase:
        case Phase.STABILIZE:
            return t("stabilize")
        case Phase.REPAIR:
            return t("repair")
        case Phase.PREVENT:
            return t("prevent")
        case Phase.CLOSED:
            return t("closed")


def role_word(role: Role, t: Translate) -> str:
    """The role's name for people."""
    match role:
        case Role.COMMANDER:
            return t("lead")
        case Role.COMMUNICATIONS:
            return t("communications")
        case Role.SCRIBE:
            return t("scribe")
        case Role.RESPONDER:
            return t("responder")


def milestone_word(milestone: Milestone, t: Translate) -> str:
    """The milestone's name for people."""
    match milestone:
        case Milestone.IMPACT_STARTED:
            return t("impact started")
        case Milestone.DETECTED:
            return t("detected")
        case Milestone.DECLARED:
            return t("declared")
        case Milestone.ACKNOWLEDGED:
            return t("acknowledged")
        case Milestone.STABILIZED:
            return t("stabilized")
        case Milestone.REPAIRED:
            return t("repaired")
        case Milestone.CLOSED:
            return t("closed")
        case Milestone.IMPACT_ENDED:
            return t("impact ended")
