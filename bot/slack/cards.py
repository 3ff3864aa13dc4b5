"""What stands on the screen of an incident: the card, the announcement, the topic; and the daily summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.incident import Containment, Incident
from bot.domain.metrics.wording import duration_words
from bot.domain.naming import phase_word, role_word
from bot.domain.story import affected_words, marks
from bot.domain.vocabulary import Milestone, Phase, Role, Severity, StepState
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Drawing, Face
from bot.slack.ids import Action, IncidentAim, PhaseAim, RoleAim, SeverityAim, pack
from bot.slack.leftovers import action_lines, last_update, standing
from bot.slack.measures import measured
from bot.slack.reasons import reason_words
from bot.slack.text import ago, clean, code, cut, day_and_clock, quoted

TOPIC_MAX = 250  # https://docs.slack.dev/reference/methods/conversations.setTopic
TITLE_IN_LINE = 200  # a title has 150 characters; escaping makes some of them longer
FLAGS_SHOWN = 8  # more would push the buttons off the screen; `/flag show` lists them all
PEOPLE_SHOWN = 10  # responders named on the card; more are counted
REASON_SHOWN = 150  # of why a flag is held: the first line of it
NAME_SHOWN = 200  # a name has 75 characters; escaping makes some of them longer
AFFECTED_SHOWN = 600  # of all the names: some fifteen
REASONS_LISTED = 3  # of why updates wait; `firebreak doctor` lists them all
SUMMARY_SECTIONS = 40  # of a message's 50 blocks; a summary that long is no summary


def incident_card(incident: Incident, face: Face, now: datetime, waiting: Sequence[str] = ()) -> Drawing:
    """The card pinned in the incident's channel: what is so, and the one next thing to press.

    `waiting` has the reasons of the updates that Slack does not take.
    """
    t = face.t
    drawn = [
        blocks.header(f"{incident.severity.value} · {incident.title}"),
        _facts(incident, face, now),
    ]
    if incident.update is not None:
        drawn.append(blocks.lines(last_update(incident.update, face, now)))
    noted = standing(incident, face)
    if noted:
        drawn.append(blocks.lines(*noted))
    if incident.action_items:
        drawn.append(blocks.lines(t("*Action items:*"), *action_lines(incident, face)))
    if incident.containments:
        drawn.append(_held_flags(incident, face))
    if incident.measures:
        drawn.append(blocks.lines(*measured(incident, face)))
    if waiting:
        drawn += _waiting(incident, waiting, face)
    if incident.is_closed:
        drawn.append(
            blocks.context(
                t(
                    "Back again? Within 24 hours {reopen}, later {command}",
                    reopen=code(t("/incident reopen <reason>")),
                    command=_declare_anew(incident),
                )
            )
        )
    else:
        drawn.append(_buttons(incident, face))
    return Drawing(drawn, blocks.notification(_in_a_line(incident, face)))


def announcement(incident: Incident, face: Face, now: datetime) -> Drawing:
    """The message in the channel where everybody looks: one incident, two lines."""
    t = face.t
    title = quoted(incident.title, TITLE_IN_LINE)
    where = f"<#{incident.channel}>" if incident.channel else incident.name
    if incident.is_closed:
        headline = t(
            "*Closed:* {severity} {where} {title}", severity=incident.severity.value, where=where, title=title
        )
        detail = _recovery_times(incident, face) or None
    else:
        headline = t(
            "*{severity}* {where} *{title}*", severity=incident.severity.value, where=where, title=title
        )
        detail = t(
            "{phase} · {lead} · declared {ago}",
            phase=phase_word(incident.phase, t),
            lead=lead_words(incident, face),
            ago=ago(incident.declared_at, now, t),
        )
    known = marks(incident, t)
    if known:  # first of all: nobody should jump for a drill
        headline = f"⚠️ *{known}* · {headline}"
    details = "\n".join(filter(None, [detail, face.meaning(incident.severity)]))
    small = [blocks.context(details)] if details else []
    return Drawing([blocks.section(headline), *small], blocks.notification(_in_a_line(incident, face)))


def topic(incident: Incident, face: Face) -> str:
    """The channel's topic. Slack parses nothing in it, so the title stands as it was typed."""
    parts = [incident.severity.value, phase_word(incident.phase, face.t), marks(incident, face.t)]
    start = "".join(f"{part} · " for part in parts if part)
    return cut(start + " ".join(clean(incident.title).split()), TOPIC_MAX)


def summary_message(lines: list[str]) -> Drawing:
    """The daily summary: plain lines, the first one as its headline."""
    told = [quoted(line, blocks.SECTION_MAX) for line in lines] or ["…"]
    headline = f"*{cut(told[0], blocks.SECTION_MAX - 2)}*"
    rest = [blocks.section(line) for line in told[1:SUMMARY_SECTIONS]]
    return Drawing([blocks.section(headline), *rest], blocks.notification(told[0]))


def progress(incident: Incident, phase: Phase, face: Face) -> str:
    """`2 of 5 done, 1 skipped`."""
    t, items = face.t, incident.items_of(phase)
    done = sum(item.state is StepState.DONE for item in items)
    skipped = sum(item.state is StepState.SKIPPED for item in items)
    if skipped:
        return t("{done} of {of} done, {skipped} skipped", done=done, of=len(items), skipped=skipped)
    return t("{done} of {of} done", done=done, of=len(items))


def next_phase_button(incident: Incident, face: Face, *, primary: bool) -> Block:
    """*Next phase*, or *Close incident* from the last one: both open the form with the exit questions."""
    t, following = face.t, incident.phase.next
    value = pack(PhaseAim(incident=incident.number, leaving=incident.phase))
    if following is not Phase.CLOSED:
        label = t("Next phase: {phase}", phase=phase_word(following, t))
        return blocks.button(label, Action.NEXT_PHASE, value, primary=primary)
    return blocks.button(t("Close incident"), Action.NEXT_PHASE, value, primary=primary)


def severity_option(severity: Severity, face: Face, value: str) -> Block:
    """A severity with its meaning, in a menu or a form."""
    return blocks.option(severity.value, value, face.meanings.get(severity, ""))


def recovery_times(incident: Incident, face: Face) -> list[str]:
    """`declared → stabilized: 34 min`, for each milestone that was reached."""
    t, reached = face.t, incident.milestones
    told = []
    for milestone, text in (
        (Milestone.STABILIZED, t("declared → stabilized")),
        (Milestone.REPAIRED, t("declared → repaired")),
        (Milestone.CLOSED, t("declared → closed")),
    ):
        if milestone in reached:
            seconds = (reached[milestone] - incident.declared_at).total_seconds()
            told.append(t("{end_points}: {time}", end_points=text, time=duration_words(max(0.0, seconds), t)))
    return told


def held_line(held: Containment, face: Face) -> str:
    """One flag that is held: at what, by whom, since when, why."""
    return face.t(
        "{flag} at {safe}, by {who} {since}: {reason}",
        flag=code(held.flag),
        safe=code(held.safe),
        who=face.person(held.by),
        since=day_and_clock(held.at),
        reason=quoted(held.reason, REASON_SHOWN),
    )


def _facts(incident: Incident, face: Face, now: datetime) -> Block:
    t = face.t
    meaning = face.meaning(incident.severity)
    declared = t(
        "*Declared:* {when} ({ago}) by {who} as {incident}",
        when=day_and_clock(incident.declared_at),
        ago=ago(incident.declared_at, now, t),
        who=face.person(incident.declared_by),
        incident=incident.name,
    )
    times, affected = recovery_times(incident, face), _affected(incident, face)
    if incident.is_closed:
        return blocks.lines(
            t("*Closed.* It was {severity}", severity=f"*{incident.severity.value}* {meaning}".rstrip()),
            _leader(incident, face),
            _others(incident, face),
            affected,
            declared,
            *times,
        )
    phase = t(
        "*Phase:* {phase}, {progress}",
        phase=phase_word(incident.phase, t),
        progress=progress(incident, incident.phase, face),
    )
    people = (_leader(incident, face), _others(incident, face))
    return blocks.lines(meaning[:1].upper() + meaning[1:] or None, phase, *people, affected, declared, *times)


def _affected(incident: Incident, face: Face) -> str | None:
    """What was said to be affected when it was declared."""
    named = affected_words(incident, face.t, lambda name: quoted(name, NAME_SHOWN))
    return face.t("*Affected:* {what}", what=cut(named, AFFECTED_SHOWN)) if named else None


def _leader(incident: Incident, face: Face) -> str:
    """A line of its own, and a loud one while nobody leads."""
    t = face.t
    if incident.commander is not None:
        return t("*Lead:* {who}", who=face.person(incident.commander))
    if incident.is_closed:
        return t("*Lead:* nobody")
    return t("*Lead: nobody yet.* Press *Take the lead* if you can.")


def _others(incident: Incident, face: Face) -> str | None:
    """Who has the other roles, on one line."""
    told = []
    for role in (Role.COMMUNICATIONS, Role.SCRIBE, Role.RESPONDER):
        people = incident.holders(role)
        if people:
            named = ", ".join(face.person(person) for person in people[:PEOPLE_SHOWN])
            more = f" +{len(people) - PEOPLE_SHOWN}" if len(people) > PEOPLE_SHOWN else ""
            told.append(f"*{role_word(role, face.t).capitalize()}:* {named}{more}")
    return " · ".join(told) or None


def lead_words(incident: Incident, face: Face) -> str:
    """In a line beside other things."""
    if incident.commander is not None:
        return face.t("{who} leads", who=face.person(incident.commander))
    return face.t("nobody led") if incident.is_closed else face.t("*nobody leads yet*")


def _waiting(incident: Incident, reasons: Sequence[str], face: Face) -> list[Block]:
    t = face.t
    headline = t.n(
        "*{count} update is waiting for Slack:*", "*{count} updates are waiting for Slack:*", len(reasons)
    )
    known = list(dict.fromkeys(reasons))[:REASONS_LISTED]
    told = [f"• {quoted(reason_words(reason, t), REASON_SHOWN)}" for reason in known]
    again = blocks.button(t("Try again"), Action.TRY_AGAIN, pack(IncidentAim(incident=incident.number)))
    return [blocks.lines(headline, *told), blocks.actions(again)]


def _held_flags(incident: Incident, face: Face) -> Block:
    t, held = face.t, incident.containments
    told = [f"• {held_line(each, face)}" for each in held[:FLAGS_SHOWN]]
    if len(held) > FLAGS_SHOWN:
        command = code("/flag show")
        told.append(t("and {count} more: {command}", count=len(held) - FLAGS_SHOWN, command=command))
    return blocks.lines(t("*Flags held:*"), *told)


def _buttons(incident: Incident, face: Face) -> Block:
    """One of them is primary: to lead while nobody does, then to go on once nothing required is open."""
    t = face.t
    led = incident.commander is not None
    return blocks.actions(
        blocks.button(
            t("Take the lead"), Action.TAKE_LEAD, pack(IncidentAim(incident=incident.number)), primary=not led
        ),
        next_phase_button(incident, face, primary=led and not incident.blocking()),
        blocks.button(t("Update…"), Action.POST_UPDATE, pack(IncidentAim(incident=incident.number))),
        _severity_menu(incident, face),
        _role_menu(incident, face),
    )


def _role_menu(incident: Incident, face: Face) -> Block:
    """The roles beside the lead, which has a button of its own."""
    t = face.t
    options = [
        blocks.option(role_word(role, t).capitalize(), pack(RoleAim(incident=incident.number, role=role)))
        for role in (Role.COMMUNICATIONS, Role.SCRIBE, Role.RESPONDER)
    ]
    return blocks.menu(Action.TAKE_ROLE, options, placeholder=t("Take a role"))


def _severity_menu(incident: Incident, face: Face) -> Block:
    options = {
        severity: severity_option(
            severity, face, pack(SeverityAim(incident=incident.number, severity=severity))
        )
        for severity in Severity
    }
    return blocks.menu(
        Action.CHANGE_SEVERITY,
        list(options.values()),
        chosen=options[incident.severity],
        placeholder=face.t("Severity"),
    )


def _warned(incident: Incident, face: Face) -> str | None:
    """In a line beside other things."""
    return f"⚠️ {marks(incident, face.t)}" if marks(incident, face.t) else None


def _declare_anew(incident: Incident) -> str:
    return code(f"/incident {incident.severity.value} {incident.title}", TITLE_IN_LINE + 50)


def _recovery_times(incident: Incident, face: Face) -> str:
    return " · ".join(recovery_times(incident, face))


def _in_a_line(incident: Incident, face: Face) -> str:
    """For notifications: on a locked screen it is all that is seen, so a drill says there that it is one."""
    known = marks(incident, face.t)
    said = face.t(
        "{incident} {severity} {title}: {phase}, {lead}",
        incident=incident.name,
        severity=incident.severity.value,
        title=quoted(incident.title, TITLE_IN_LINE),
        phase=phase_word(incident.phase, face.t),
        lead=lead_words(incident, face),
    )
    return f"{known} · {said}" if known else said


def list_line(incident: Incident, face: Face, now: datetime) -> str:
    """One incident in `/incident list`."""
    warned = f" · {_warned(incident, face)}" if marks(incident, face.t) else ""
    return _line(incident, face, now) + warned


def _line(incident: Incident, face: Face, now: datetime) -> str:
    t = face.t
    return t(
        "*{severity}* {incident} {where} {title} · {phase} · {lead} · declared {ago}",
        severity=incident.severity.value,
        incident=incident.name,
        where=f"<#{incident.channel}>" if incident.channel else t("(its channel is being opened)"),
        title=quoted(incident.title, TITLE_IN_LINE),
        phase=phase_word(incident.phase, t),
        lead=lead_words(incident, face),
        ago=ago(incident.declared_at, now, t),
    )
