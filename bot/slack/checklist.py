"""The checklist of the current phase: each step with what became of it, and what to press."""

from __future__ import annotations

from datetime import datetime

from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.incident import Incident, Item
from bot.domain.naming import phase_word, role_word
from bot.domain.vocabulary import Phase, StepState
from bot.slack import blocks
from bot.slack.blocks import BLOCKS_MAX, Block
from bot.slack.cards import next_phase_button, progress
from bot.slack.face import Drawing, Face
from bot.slack.ids import Action, HoldAim, IncidentAim, StepAct, StepAim, StepMenuAim, pack
from bot.slack.text import clock, code, cut, day_and_clock, escape, quoted, width

RUNBOOK_MAX = 600  # a title has at most 100 characters; escaping makes five of one
LINK_MAX = 1600  # at most 300 characters; escaping makes five of one
LEAST = 100  # characters that are worth beginning a reason with: less says nothing
AROUND = 4  # blocks besides the steps: the heading, the gate's text and button, and what did not fit
STEP_MAX = 1000  # a step has at most 200 characters; escaping makes five of one
WHY_MAX = 1400  # at most 400 characters, escaped; and it must fit beside the step in one section
REASON_MAX = 400  # of why a step was skipped: the rest is in the timeline
REMARKS_SHOWN = 2  # notes on a step
REMARK_MAX = 150  # of each


def checklist(incident: Incident, face: Face, now: datetime) -> Drawing:
    """The steps of the current phase; of a closed incident what became of all of them, without buttons."""
    if incident.is_closed:
        return _closed(incident, face)
    t, phase = face.t, incident.phase
    heading = t(
        "*{phase}: {progress}*",
        phase=phase_word(phase, t).capitalize(),
        progress=progress(incident, phase, face),
    )
    change = blocks.button(
        t("Change…"),
        Action.CHANGE_RUNBOOK,
        pack(IncidentAim(incident=incident.number)),
        spoken=t("Change the runbook"),
    )
    by = t("Runbook: {title}", title=quoted(incident.runbook_title, RUNBOOK_MAX))
    drawn = [blocks.section(f"{heading}\n{by}", change), *_steps(incident, face, now), *_gate(incident, face)]
    return Drawing(drawn, blocks.notification(f"{incident.name} {heading.strip('*')}"))


def _steps(incident: Incident, face: Face, now: datetime) -> list[Block]:
    """With buttons below the first open steps, as many as fit into one message; a menu beside the later ones."""
    items, room = incident.items_of(incident.phase), BLOCKS_MAX - AROUND
    first = _first_to_do(incident)
    open_first = sorted(range(len(items)), key=lambda place: items[place].state is not StepState.OPEN)
    shown = [items[place] for place in sorted(open_first[:room])]
    room -= len(shown)  # a block is what each of them takes at the least
    drawn: list[Block] = []
    for item in shown:
        roomy = _roomy(item, incident, face, now, first=item is first)
        fits = len(roomy) - 1 <= room
        drawn += roomy if fits else [_compact(item, incident, face, now)]
        room -= len(roomy) - 1 if fits else 0
    left_out = len(items) - len(shown)
    if left_out:
        drawn.append(
            blocks.context(
                face.t.n(
                    "{count} more step does not fit here; it appears when others are done.",
                    "{count} more steps do not fit here; they appear when others are done.",
                    left_out,
                )
            )
        )
    return drawn


def _first_to_do(incident: Incident) -> Item | None:
    """The step whose *Done* stands out: the first required one that is open, else the first open one."""
    still_open = [item for item in incident.items_of(incident.phase) if item.state is StepState.OPEN]
    return next((item for item in still_open if item.step.required), next(iter(still_open), None))


def _roomy(item: Item, incident: Incident, face: Face, now: datetime, *, first: bool) -> list[Block]:
    t, text = face.t, _text(item, face)
    if item.state is not StepState.OPEN:
        undo = _button(t("Undo"), Action.STEP_UNDO, item, incident)
        below = "\n".join([text, _what_became(item, face), *_remarks(item, face)])
        return [blocks.section(below, undo)]
    small = [_why(item), *_help(item, incident, face, now)]
    text = "\n".join([text, *_asked(item, face), *_remarks(item, face)])
    return [
        blocks.section(text),
        *([blocks.context(*small)] if any(small) else []),
        blocks.actions(
            _button(t("Done"), Action.STEP_DONE, item, incident, primary=first),
            _button(t("Skip…"), Action.STEP_SKIP, item, incident),
            _hold_button(item, incident, face),
            _menu(Action.STEP_MORE, _more(item, face), item, incident),
        ),
    ]


def _hold_button(item: Item, incident: Incident, face: Face) -> Block | None:
    """Shows the confirmation for the flag that a step names, with the step as the reason."""
    flag = item.step.flag
    if flag is None or incident.containment(flag, FIRST_ENVIRONMENT) is not None:
        return None
    aim = HoldAim(incident=incident.number, flag=flag, reason=item.step.text)
    spoken = face.t("Hold {flag}…", flag=flag)
    return blocks.button(face.t("Hold the flag…"), Action.FLAG_LOOK, pack(aim), spoken=spoken)


def _compact(item: Item, incident: Incident, face: Face, now: datetime) -> Block:
    """An open step in one block."""
    t, text = face.t, _text(item, face)
    options = [(t("Done"), StepAct.DONE), (t("Skip…"), StepAct.SKIP), *_more(item, face)]
    text = "\n".join([text, *_asked(item, face), *_remarks(item, face)])
    below = _fitting(_why(item), _help(item, incident, face, now), blocks.SECTION_MAX - width(text) - 1)
    return blocks.section("\n".join([text, *below]), _menu(Action.STEP_MENU, options, item, incident))


def _more(item: Item, face: Face) -> list[tuple[str, StepAct]]:
    """What else may be done with an open step: three of the five options that an overflow menu holds."""
    t = face.t
    return [(t("I do it"), StepAct.TAKE), (t("Assign…"), StepAct.ASSIGN), (t("Note…"), StepAct.NOTE)]


def _menu(action: Action, offered: list[tuple[str, StepAct]], item: Item, incident: Incident) -> Block:
    return blocks.overflow(
        action,
        [
            blocks.option(label, pack(StepMenuAim(incident=incident.number, step=item.step.id, act=act)))
            for label, act in offered
        ],
    )


def _asked(item: Item, face: Face) -> list[str]:
    """Who is to do it."""
    return [] if item.assignee is None else [face.t("→ {who}", who=face.person(item.assignee))]


def _remarks(item: Item, face: Face) -> list[str]:
    """The last of what was noted on the step; the timeline has all of it."""
    return [
        face.t("_{who}: {note}_", who=face.person(remark.by), note=quoted(remark.text, REMARK_MAX))
        for remark in item.notes[-REMARKS_SHOWN:]
    ]


def _button(label: str, action: Action, item: Item, incident: Incident, *, primary: bool = False) -> Block:
    value = pack(StepAim(incident=incident.number, step=item.step.id))
    return blocks.button(label, action, value, primary=primary, spoken=f"{label}: {item.step.text}")


def _text(item: Item, face: Face) -> str:
    t, text = face.t, quoted(item.step.text, STEP_MAX)
    match item.state:
        case StepState.DONE:
            return t("✅ {step}", step=text)
        case StepState.SKIPPED:
            return t("⏭️ {step}", step=text)
        case StepState.OPEN if item.step.required:
            return t("☐ *{step}* (required)", step=text)
        case StepState.OPEN:
            return t("☐ {step}", step=text)


def _what_became(item: Item, face: Face) -> str:
    if item.by is None or item.at is None:
        return ""
    t, who, when = face.t, face.person(item.by), clock(item.at)
    if item.state is StepState.SKIPPED:
        reason = quoted(item.reason, REASON_MAX)
        return t("_Skipped by {who} at {when}: {reason}_", who=who, when=when, reason=reason)
    return t("_Done by {who} at {when}_", who=who, when=when)


def _why(item: Item) -> str | None:
    return quoted(item.step.why, WHY_MAX) or None


def _flag_hint(item: Item, incident: Incident, face: Face) -> str | None:
    if item.step.flag is None:
        return None
    held = incident.containment(item.step.flag, FIRST_ENVIRONMENT)
    if held is not None:
        return face.t("{flag} is held at {safe}.", flag=code(held.flag, 600), safe=code(held.safe, 600))
    command = code(face.t("/flag kill {flag} <reason>", flag=item.step.flag), 600)
    return face.t("Type {command}", command=command)


def _help(item: Item, incident: Incident, face: Face, now: datetime) -> list[str]:
    """What a step brings along: who and by when, what to copy, where to look, which flag."""
    t, step = face.t, item.step
    return [
        text
        for text in (
            _who_and_when(item, incident, face, now),
            t("Run {command}", command=code(step.command, LINK_MAX)) if step.command else None,
            f"<{escape(step.link)}|{escape(t('Open the page'))}>" if step.link else None,
            _flag_hint(item, incident, face),
        )
        if text
    ]


def _who_and_when(item: Item, incident: Incident, face: Face, now: datetime) -> str | None:
    t, told = face.t, []
    owner, due = item.step.owner, incident.due(item)
    if owner is not None:
        holder = incident.roles.get(owner)
        told.append(
            t("for {role}", role=role_word(owner, t))
            if holder is None
            else t("for {role} ({who})", role=role_word(owner, t), who=face.person(holder))
        )
    if due is not None:
        told.append(
            t("*overdue since {when}*", when=day_and_clock(due))
            if due < now
            else t("due {when}", when=day_and_clock(due))
        )
    return " · ".join(told) or None


def _fitting(why: str | None, rest: list[str], room: int) -> list[str]:
    """As much as fits into `room` characters. The reason is what can be cut: a command or a link cannot."""
    kept: list[str] = []
    for each in rest:
        if width(each) < room:
            kept.append(each)
            room -= width(each) + 1
    if why and (width(why) < room or room > LEAST):
        return [cut(why, room), *kept]
    return kept


def _gate(incident: Incident, face: Face) -> list[Block]:
    """Says when the phase may be left, and offers it."""
    t = face.t
    if incident.blocking():
        return []
    phase = phase_word(incident.phase, t).capitalize()
    return [
        blocks.section(t("Everything required in *{phase}* is done.", phase=phase)),
        blocks.actions(next_phase_button(incident, face, primary=True)),
    ]


def _closed(incident: Incident, face: Face) -> Drawing:
    t = face.t
    heading = t("*{incident} is closed.* What became of its steps:", incident=incident.name)
    drawn = [blocks.section(heading)]
    for phase in Phase:
        items = incident.items_of(phase)
        if items:
            title = t(
                "*{phase}: {progress}*",
                phase=phase_word(phase, t).capitalize(),
                progress=progress(incident, phase, face),
            )
            drawn += _in_sections([title, *(_text(item, face) for item in items)])
    return Drawing(
        drawn[:BLOCKS_MAX], blocks.notification(t("{incident} is closed.", incident=incident.name))
    )


def _in_sections(lines: list[str]) -> list[Block]:
    """As few sections as hold these lines."""
    sections, current = [], ""
    for line in lines:
        longer = f"{current}\n{line}" if current else line
        if width(longer) > blocks.SECTION_MAX and current:
            sections.append(blocks.section(current))
            longer = line
        current = longer
    return [*sections, blocks.section(current)]
