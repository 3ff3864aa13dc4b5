"""What happened, told as sentences: one line an event, for timelines, exports and postmortems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Protocol, assert_never

from bot.domain import reminders
from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ChannelOpened,
    Event,
    FlagContained,
    FlagRestored,
    GateAnswered,
    GateOverridden,
    IncidentClosed,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    ReminderSent,
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
)
from bot.domain.incident import Incident
from bot.domain.language import Translate
from bot.domain.metrics.wording import duration_words
from bot.domain.questions import ActionItem, Proof
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
            return _runbook_line(event, t, by, quote)
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
        case StepAssigned() | StepNoted() | StepAdded():
            return _step_talk(event, t, who, quote)
        case GateAnswered() | GateOverridden():
            return _gate_line(event, t, who, quote)
        case ActionItemAdded():
            return t(
                "{who} added action item {number} for {owner}, due {due}: {text}",
                who=by,
                number=event.number,
                owner=who(event.owner),
                due=event.due.isoformat(),
                text=quote(event.text),
            )
        case ActionItemDone():
            return t(
                "{who} did action item {number}: {text}", who=by, number=event.number, text=quote(event.text)
            )
        case PhaseEntered() | IncidentClosed():
            return _phase_line(event, t, by)
        case NoteAdded():
            return t("{who}: {text}", who=by, text=quote(event.text))
        case FlagContained() | FlagRestored():
            return _flag_line(event, t, by, quote)
        case ReminderSent(name=reminders.NOBODY_LEADS):
            return t("Reminder: nobody leads yet.")
        case ReminderSent():
            return t("Reminder: {name}", name=quote(event.name))
        case _:
            assert_never(event)


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
                step=quote(_stopped(event.text)),
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


def _gate_line(event: GateAnswered | GateOverridden, t: Translate, who: Who, quote: Quote) -> str:
    by, phase = who(event.by), phase_word(event.phase, t)
    match event:
        case GateAnswered():
            said = answer_lines(event, t, who, quote)
            return "\n".join([t("{who} answered for phase {phase}:", who=by, phase=phase), *said])
        case GateOverridden():
            open_ = [*event.steps, *(question_words(question, t) for question in event.questions)]
            return t(
                "{who} left phase {phase} unverified. Reason: {reason} Open: {open}",
                who=by,
                phase=phase,
                reason=quote(_stopped(event.reason)),
                open=quote("; ".join(open_)) or t("nothing"),
            )


def answer_lines(event: GateAnswered, t: Translate, who: Who, quote: Quote) -> list[str]:
    """One line an answer: what it is about, and what was said."""
    told = []
    for answer in event.answers:
        label = question_words(answer.question, t)
        about = who(answer.about) if answer.question is Proof.ALERT else quote(answer.about)
        if answer.question in (Proof.PATHS, Proof.OWN):
            label = about
        elif about:
            label = f"{label} ({about})"
        told.append(f"- {label}: {quote(answer.text)}")
    return told


def question_words(question: Proof, t: Translate) -> str:
    """The exit question in two or three words."""
    match question:
        case Proof.PATHS:
            return t("paths that work again")
        case Proof.ROOT_CAUSE:
            return t("root cause")
        case Proof.FIX:
            return t("fix")
        case Proof.REGRESSION_TEST:
            return t("regression test")
        case Proof.ALERT:
            return t("alert")
        case Proof.RUNBOOK:
            return t("runbook")
        case Proof.OBJECTIVE:
            return t("objective")
        case Proof.KNOWLEDGE:
            return t("knowledge handed over")
        case Proof.NO_ACTION_ITEM:
            return t("no action item needed")
        case Proof.OWN:
            return t("the runbook's question")


def unverified_words(incident: Incident, t: Translate) -> str:
    """`left unverified: stabilize`, or nothing: it stands wherever the incident is shown."""
    phases = [phase_word(phase, t) for phase in Phase if phase in incident.unverified]
    return t("left unverified: {phases}", phases=", ".join(phases)) if phases else ""


def action_item_line(item: ActionItem, t: Translate, who: Who, quote: Quote = as_it_is) -> str:
    """`2. Alert on retries — Bo, due 2026-12-01`."""
    text = t(
        "{number}. {text} — {owner}, due {due}",
        number=item.number,
        text=quote(item.text),
        owner=who(item.owner),
        due=item.due.isoformat(),
    )
    return t("{item} (done)", item=text) if item.done_at is not None else text


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


class Recorded(Protocol):
    """An event with the moment we learned of it, as storage keeps it."""

    @property
    def event(self) -> Event: ...

    @property
    def recorded_at(self) -> datetime: ...


def timeline_markdown(incident: Incident, entries: Iterable[Recorded], t: Translate, who: Who) -> str:
    """The whole incident as a document: facts, milestones with durations, and what happened, in order."""
    told = sorted((entry for entry in entries if is_told(entry.event)), key=lambda entry: entry.event.at)
    parts = [
        f"# {incident.name}: {markdown(incident.title)}",
        "\n".join(_facts(incident, t, who)),
        t("## Milestones"),
        "\n".join(_milestones(incident, t)),
        t("## Timeline"),
        t("All times are UTC."),
        "\n".join(_entry(entry, t, who) for entry in told),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(incident: Incident, t: Translate, who: Who) -> Iterator[str]:
    yield t("- Severity: {severity}", severity=incident.severity.value)
    if incident.peak is not incident.severity:
        yield t("- Severity at its worst: {severity}", severity=incident.peak.value)
    yield t("- Phase: {phase}", phase=phase_word(incident.phase, t))
    yield t("- Declared by: {who}", who=markdown(who(incident.declared_by)))
    if incident.commander is not None:
        yield t("- Lead: {who}", who=markdown(who(incident.commander)))
    yield t("- Runbook: {title}", title=markdown(incident.runbook_title))
    if incident.channel_name is not None:
        yield t("- Channel: {name}", name=markdown(f"#{incident.channel_name}"))
    if incident.unverified:
        yield "- " + unverified_words(incident, t).capitalize()
    for item in incident.action_items:
        yield "- " + t(
            "Action item {item}", item=action_item_line(item, t, lambda who_: markdown(who(who_)), markdown)
        )
    for held in incident.containments:
        yield t("- Flag still held: {flag} at {safe}", flag=markdown(held.flag), safe=markdown(held.safe))


def _milestones(incident: Incident, t: Translate) -> Iterator[str]:
    yield t("| milestone | time (UTC) | after declared |")
    yield "|---|---|---|"
    declared = incident.declared_at
    for milestone, at in sorted(incident.milestones.items(), key=lambda reached: reached[1]):
        yield f"| {milestone_word(milestone, t)} | {_utc(at)} | {_since(declared, at, t)} |"


def _since(declared: datetime, at: datetime, t: Translate) -> str:
    seconds = (at - declared).total_seconds()
    if seconds < 0:
        return t("{time} before", time=duration_words(-seconds, t))
    return duration_words(seconds, t) if seconds else ""


def _entry(entry: Recorded, t: Translate, who: Who) -> str:
    """One item of the list. When we learned of it later than it happened, both times stand there."""
    told = line(entry.event, t, lambda person: markdown(who(person)), markdown)
    at, recorded = _utc(entry.event.at), _utc(entry.recorded_at)
    late = "" if at == recorded else t(" (recorded {when})", when=recorded)
    return f"- {at}{late} {told}".replace("\n", "\n  ")


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def markdown(text: str) -> str:
    """What people typed, so that Markdown shows it as it was typed; addresses become links."""
    pieces = re.split(r"(https?://[^\s<>]+)", text)
    return "".join(f"<{piece}>" if number % 2 else _escaped(piece) for number, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    marked = re.sub(r"[\\`*_\[\]<>|~#&]", r"\\\g<0>", text)
    return re.sub(r"^(\s*)(?:([-+=])|(\d+)([.)]))", _no_list, marked, flags=re.MULTILINE)


def _no_list(match: re.Match[str]) -> str:
    """A line that begins with `-` or `1.` is not to become a list."""
    blanks, sign, number, stop = match.groups()
    return f"{blanks}\\{sign}" if sign else f"{blanks}{number}\\{stop}"
