"""The draft of a postmortem as Markdown, from the events: what is known, and what people have to say, asked.

Nobody is blamed by it: it names who had which role, because those can be asked, and whose work an action item is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.document import markdown, measure_list, milestone_table, timeline_lines
from bot.domain.events import (
    ContainmentEnded,
    ContainmentLost,
    FlagContained,
    FlagRestored,
    GateOverridden,
)
from bot.domain.holding import holdings
from bot.domain.incident import Incident
from bot.domain.language import Translate, Who
from bot.domain.measure_words import caution
from bot.domain.metrics import Clock, clock_words, duration_words, elapsed
from bot.domain.metrics.recovery import Recovery
from bot.domain.naming import phase_word, role_word
from bot.domain.questions import Answer, Proof
from bot.domain.recoveries import recovery_of
from bot.domain.story import affected_words, marks, utc
from bot.domain.story_flags import place_words
from bot.domain.story_gates import action_item_line, question_words
from bot.domain.told import Recorded, Told, told
from bot.domain.vocabulary import Milestone, Phase

PREVENTING = (Proof.ALERT, Proof.RUNBOOK, Proof.OBJECTIVE, Proof.KNOWLEDGE, Proof.NO_ACTION_ITEM, Proof.OWN)


def postmortem_title(incident: Incident, t: Translate) -> str:
    """The first line, and how a draft of ours is told from a page of somebody else's."""
    return t("Postmortem of {incident}", incident=incident.name)


def postmortem(incident: Incident, entries: Iterable[Recorded], t: Translate, who: Who, now: datetime) -> str:
    """The whole draft, as things stand at `now`."""
    recorded = list(entries)
    events = told(recorded)

    def person(id_: str) -> str:
        return markdown(who(id_))

    sections = [
        (t("Summary"), _summary(incident, t, person)),
        (t("Impact and milestones"), _impact(incident, t, now)),
        (t("What happened"), [t("All times are UTC."), "\n".join(timeline_lines(recorded, t, who))]),
        (t("Critical paths, and how we know that they work"), _answers(incident, (Proof.PATHS,), t, person)),
        (t("Root cause"), _answers(incident, (Proof.ROOT_CAUSE,), t, person)),
        (t("The fix"), _answers(incident, (Proof.FIX,), t, person)),
        (t("The regression test"), _answers(incident, (Proof.REGRESSION_TEST,), t, person)),
        (
            t("Flags held meanwhile"),
            _list(_containments(events, t, person), t("None.")),
        ),
        (t("Before and after"), _measures(incident, t)),
        (t("Left unverified"), _list(_overrides(events, incident, t, person), t("Nothing."))),
        (t("What keeps it from coming back"), _answers(incident, PREVENTING, t, person)),
        (t("Action items"), _items(incident, t, person)),
        (t("Who did what, and when"), _roles(events, t, person)),
        (t("What went well"), [_ask(t("What helped? Name tools, texts and decisions."), t)]),
        (t("What was hard"), [_ask(t("What cost time, and what was missing? No names."), t)]),
        (t("Where we were lucky"), [_ask(t("What could have made it worse, and did not?"), t)]),
        (t("About the figures"), [_caution(t)]),
    ]
    head = [
        f"# {postmortem_title(incident, t)}: {markdown(incident.title)}",
        t("Draft from the timeline, {when} UTC. ✎ marks what people have to write.", when=utc(now)),
    ]
    parts = [*head, *(part for title, body in sections for part in (f"## {title}", *body))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ask(question: str, t: Translate) -> str:
    """Something that no timeline knows."""
    return t("> ✎ {question}", question=question)


def _list(lines: Iterable[str], nothing: str) -> list[str]:
    told = [f"- {line}" for line in lines]
    return ["\n".join(told) if told else nothing]


def _summary(incident: Incident, t: Translate, who: Who) -> list[str]:
    said = t(
        "{incident} ({severity}) was declared {when} UTC by {who}: {title}",
        incident=incident.name,
        severity=incident.peak.value,
        when=utc(incident.declared_at),
        who=who(incident.declared_by),
        title=markdown(incident.title),
    )
    facts = [said]
    if incident.peak is not incident.severity:
        facts.append(t("Severity at the end: {severity}.", severity=incident.severity.value))
    affected = affected_words(incident, t, markdown)
    facts.append(t("Affected: {what}", what=affected) if affected else "")
    if marks(incident, t):
        facts.append(f"**{markdown(marks(incident, t))}**")
    if not incident.is_closed:
        facts.append(
            t(
                "It is not closed yet: phase {phase}. The draft says what is so far.",
                phase=phase_word(incident.phase, t),
            )
        )
    asked = _ask(t("What did users see, and how many of them? Two sentences that anybody understands."), t)
    return ["\n".join(f"- {fact}" for fact in facts if fact), asked]


def _impact(incident: Incident, t: Translate, now: datetime) -> list[str]:
    recovery = recovery_of(incident)
    durations = "\n".join(f"- {_duration(recovery, clock, t, now)}" for clock in Clock)
    parts = [durations, "\n".join(milestone_table(incident, t))]
    if Milestone.IMPACT_STARTED not in incident.milestones:
        parts.append(
            _ask(
                t(
                    "When did users first feel it? `/incident correct impact_started 14:05 <reason>` states it."
                ),
                t,
            )
        )
    return parts


def _duration(recovery: Recovery, clock: Clock, t: Translate, now: datetime) -> str:
    duration = elapsed(recovery, clock, now)
    if duration is None:
        return t("{end_points}: not known", end_points=clock_words(clock, t))
    time = duration_words(duration.seconds, t)
    if duration.still_open:
        return t("{end_points}: at least {time}, still open", end_points=clock_words(clock, t), time=time)
    return t("{end_points}: {time}", end_points=clock_words(clock, t), time=time)


def _answers(incident: Incident, wanted: Sequence[Proof], t: Translate, who: Who) -> list[str]:
    said = [
        _answer(answer, t, who)
        for phase in Phase
        for answer in incident.answers.get(phase, ())
        if answer.question in wanted
    ]
    return _list(said, _ask(t("Not answered."), t))


def _answer(answer: Answer, t: Translate, who: Who) -> str:
    """A root cause begins with its category, a path with its name, an alert with its owner."""
    text = markdown(answer.text)
    match answer.question:
        case Proof.PATHS | Proof.ROOT_CAUSE | Proof.OWN:
            return f"**{markdown(answer.about)}**: {text}" if answer.about else text
        case Proof.FIX | Proof.REGRESSION_TEST:
            return text
        case Proof.ALERT:
            return t("alert ({who}): {text}", who=who(answer.about), text=text)
        case _:
            return t("{what}: {text}", what=question_words(answer.question, t), text=text)


@dataclass
class _Held:
    """A flag from when it was held to when it was not."""

    event: FlagContained
    since: datetime
    until: datetime | None = None
    how: str = ""


def _containments(entries: Iterable[Told], t: Translate, who: Who) -> Iterator[str]:
    held: list[_Held] = []
    for entry in entries:
        event = entry.event
        if isinstance(event, FlagContained):
            held.append(_Held(event, entry.at))
        elif isinstance(event, (FlagRestored, ContainmentLost, ContainmentEnded)):
            _let_go(held, event, entry.at, t, who)
    for each in held:
        yield _held_line(each, t, who)


def _let_go(
    held: Iterable[_Held],
    event: FlagRestored | ContainmentLost | ContainmentEnded,
    at: datetime,
    t: Translate,
    who: Who,
) -> None:
    place = (event.flag, event.environment)
    for each in held:
        if each.until is None and (each.event.flag, each.event.environment) == place:
            each.until = at
            match event:
                case FlagRestored():
                    each.how = t("let go by {who}", who=who(event.by))
                case ContainmentLost():
                    each.how = t("somebody else changed it to {serves}", serves=markdown(event.serves))
                case ContainmentEnded():
                    each.how = t("it stays so: {reason}", reason=markdown(event.reason))


def _held_line(held: _Held, t: Translate, who: Who) -> str:
    event = held.event
    blanks = {
        "flag": markdown(place_words(event.flag, event.environment)),
        "safe": markdown(event.safe),
        "before": markdown(event.before),
        "start": utc(held.since),
        "who": who(event.by),
        "reason": markdown(event.reason),
    }
    if held.until is None:
        return t("{flag} at {safe} (before: {before}) since {start} by {who}, and still: {reason}", **blanks)
    return t(
        "{flag} at {safe} (before: {before}) from {start} to {end}, {time}, by {who}: {reason} ({how})",
        end=utc(held.until),
        time=duration_words(max(0.0, (held.until - held.since).total_seconds()), t),
        how=held.how,
        **blanks,
    )


def _measures(incident: Incident, t: Translate) -> list[str]:
    if not incident.measures:
        return [
            _ask(
                t(
                    "Not measured. `/incident measure p95 before 820 ms` keeps a figure, also after the close."
                ),
                t,
            )
        ]
    return [*measure_list(incident, t), caution(t)]


def _overrides(entries: Iterable[Told], incident: Incident, t: Translate, who: Who) -> Iterator[str]:
    """What was overridden, and whether it was answered later."""
    for entry in entries:
        event = entry.event
        if not isinstance(event, GateOverridden):
            continue
        open_ = "; ".join([*event.steps, *(question_words(each, t) for each in event.questions)])
        said = t(
            "Phase {phase} by {who}, {when}: {reason} Open then: {open}",
            phase=phase_word(event.phase, t),
            who=who(event.by),
            when=utc(entry.at),
            reason=markdown(event.reason if event.reason.endswith((".", "!", "?")) else f"{event.reason}."),
            open=markdown(open_) or t("nothing"),
        )
        later = event.phase not in incident.unverified
        yield f"{said} {t('(answered later)')}" if later else said


def _items(incident: Incident, t: Translate, who: Who) -> list[str]:
    lines = [action_item_line(item, t, who, markdown) for item in incident.action_items]
    if lines:
        return ["\n".join(lines)]  # each begins with its number
    return _list((), _ask(t("None. What would have made it shorter, or kept it from happening?"), t))


def _roles(entries: Iterable[Told], t: Translate, who: Who) -> list[str]:
    """A row for each time somebody had a role."""
    held = holdings([entry.event for entry in entries])
    if not held:
        return [t("Nobody took a role.")]
    rows = [t("| role | who | from (UTC) | to (UTC) |"), "|---|---|---|---|"]
    for each in held:
        until = t("now") if each.until is None else utc(each.until)
        rows.append(f"| {role_word(each.role, t)} | {who(each.person)} | {utc(each.since)} | {until} |")
    return ["\n".join(rows)]


def _caution(t: Translate) -> str:
    corrected = t("Times that people corrected stand in the timeline with both values.")
    one = t("Elapsed time by the clock. One incident says nothing about a trend; the end points are named.")
    return f"{one} {corrected}"
