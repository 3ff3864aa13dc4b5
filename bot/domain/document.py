"""The whole incident as a Markdown document: facts, milestones with durations, and what happened, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.domain.events import Event
from bot.domain.holding import holdings, shared_files
from bot.domain.incident import Incident
from bot.domain.language import Translate, Who
from bot.domain.measure_words import caution, measure_lines, pairs
from bot.domain.metrics.wording import duration_words
from bot.domain.naming import milestone_word, phase_word, role_word
from bot.domain.story import line, marks, utc
from bot.domain.story_captured import size_words, unread_words
from bot.domain.story_gates import action_item_line
from bot.domain.told import Recorded, Told, told


def timeline_markdown(incident: Incident, entries: Iterable[Recorded], t: Translate, who: Who) -> str:
    """The whole incident as a document: facts, milestones with durations, and what happened, in order."""
    known = list(entries)
    events = [entry.event for entry in known]
    parts = [
        f"# {incident.name}: {markdown(incident.title)}",
        "\n".join(_facts(incident, t, who)),
        t("## Milestones"),
        "\n".join(milestone_table(incident, t)),
        *_measures(incident, t),
        *_roles(events, t, who),
        *_files(events, t, who),
        t("## Timeline"),
        t("All times are UTC."),
        "\n".join(timeline_lines(known, t, who)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def timeline_lines(entries: Iterable[Recorded], t: Translate, who: Who) -> list[str]:
    """What happened as a list, by when it happened."""
    return [_entry(entry, t, who) for entry in told(entries)]


def _facts(incident: Incident, t: Translate, who: Who) -> Iterator[str]:
    yield t("- Severity: {severity}", severity=incident.severity.value)
    if incident.peak is not incident.severity:
        yield t("- Severity at its worst: {severity}", severity=incident.peak.value)
    yield t("- Phase: {phase}", phase=phase_word(incident.phase, t))
    if incident.origin is not None:
        yield t(
            "- Source: {source}, {id}",
            source=markdown(incident.origin.source),
            id=markdown(incident.origin.id),
        )
        if incident.origin.url:
            yield t("- There: {url}", url=markdown(incident.origin.url))
    else:
        yield t("- Declared by: {who}", who=markdown(who(incident.declared_by)))
    if incident.commander is not None:
        yield t("- Lead: {who}", who=markdown(who(incident.commander)))
    if incident.runbook_title:
        yield t("- Runbook: {title}", title=markdown(incident.runbook_title))
    if incident.channel_name is not None:
        yield t("- Channel: {name}", name=markdown(f"#{incident.channel_name}"))
    if marks(incident, t):
        yield "- " + marks(incident, t)
    for item in incident.action_items:
        yield "- " + t(
            "Action item {item}", item=action_item_line(item, t, lambda who_: markdown(who(who_)), markdown)
        )
    for held in incident.containments:
        yield t("- Flag still held: {flag} at {safe}", flag=markdown(held.flag), safe=markdown(held.safe))


def milestone_table(incident: Incident, t: Translate) -> Iterator[str]:
    """Each milestone with its time and how long after the declaration it was."""
    yield t("| milestone | time (UTC) | after declared |")
    yield "|---|---|---|"
    declared = incident.declared_at
    for milestone, at in sorted(incident.milestones.items(), key=lambda reached: reached[1]):
        yield f"| {milestone_word(milestone, t)} | {utc(at)} | {_since(declared, at, t)} |"


def _roles(events: list[Event], t: Translate, who: Who) -> Iterator[str]:
    """Who had which role from when to when."""
    held = holdings(events)
    if not held:
        return
    yield t("## Roles")
    rows = [t("| role | who | from (UTC) | to (UTC) |"), "|---|---|---|---|"]
    for each in held:
        until = "" if each.until is None else utc(each.until)
        rows.append(
            f"| {role_word(each.role, t)} | {markdown(who(each.person))} | {utc(each.since)} | {until} |"
        )
    yield "\n".join(rows)


def _files(events: list[Event], t: Translate, who: Who) -> Iterator[str]:
    """What was shared in the channel, so that each can be told from any other."""
    files = shared_files(events)
    if not files:
        return
    yield t("## Files")
    rows = [t("| file | type | size | SHA-256 | shared by |"), "|---|---|---|---|---|"]
    for each in files:
        shared = each.shared
        name = markdown(shared.name)
        link = f"[{name}](<{shared.permalink}>)" if shared.permalink.startswith("https://") else name
        digest = f"`{each.sha256}`" if each.sha256 else unread_words(each.unread, t) if each.unread else ""
        cells = (link, markdown(shared.mimetype), size_words(shared.size), digest, markdown(who(shared.by)))
        rows.append(f"| {' | '.join(cells)} |")
    yield "\n".join(rows)


def _measures(incident: Incident, t: Translate) -> Iterator[str]:
    if not incident.measures:
        return
    yield t("## Before and after")
    yield "\n\n".join(measure_list(incident, t))
    yield caution(t)


def measure_list(incident: Incident, t: Translate) -> list[str]:
    """Each figure as a list: both sides, and what the two carry."""
    return [
        "\n".join(f"- {markdown(said)}" for said in measure_lines(pair, t))
        for pair in pairs(incident.measures)
    ]


def _since(declared: datetime, at: datetime, t: Translate) -> str:
    seconds = (at - declared).total_seconds()
    if seconds < 0:
        return t("{time} before", time=duration_words(-seconds, t))
    return duration_words(seconds, t) if seconds else ""


def _entry(entry: Told, t: Translate, who: Who) -> str:
    """One item of the list. When we learned of it later than it happened, both times stand there."""
    said = line(entry.event, t, lambda person: markdown(who(person)), markdown)
    at, recorded = utc(entry.at), utc(entry.recorded_at)
    late = "" if at == recorded else t(" (recorded {when})", when=recorded)
    return f"- {at}{late} #{entry.number} {said}".replace("\n", "\n  ")


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
