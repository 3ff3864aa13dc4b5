"""What is said of flags: the confirmation before one is held, and the messages after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, assert_never

from bot.domain import story_flags
from bot.domain.away import GONE, FlagNotSwitched, FlagSwitching
from bot.domain.containing import Policy
from bot.domain.events import (
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    FlagAsked,
    FlagContained,
    FlagRestored,
    ReminderSent,
)
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.incident import Containment, Incident
from bot.domain.language import Translate
from bot.domain.metrics.wording import duration_words
from bot.domain.reminders import FLAG_REVIEW
from bot.domain.switching import Switched
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Drawing, Face
from bot.slack.ids import Action, FlagAim, Travelling, pack
from bot.slack.text import code, day_and_clock, quoted

REASON_SHOWN = 1500  # a reason has at most 500 characters; escaping makes five of one
PERSON_SHOWN = 100
OFF_VALUES = ("off", "false", "0", "no", "disabled")  # safe values that a person would call OFF


@dataclass(frozen=True)
class ReadBack:
    """How a flag was found when it was looked at after the write; `seconds` is how long that took, if known."""

    seconds: float | None = None
    is_held: bool = True

    NOT_ASKED: ClassVar[ReadBack]
    MISSING: ClassVar[ReadBack]


ReadBack.NOT_ASKED = ReadBack()
ReadBack.MISSING = ReadBack(is_held=False)


def is_off(safe: str) -> bool:
    """Whether a person would call this variant OFF."""
    return safe.casefold() in OFF_VALUES


def moment(event: Switched, incident: Incident, face: Face, read_back: ReadBack) -> Drawing:
    """What is said in the channel of what happened to a flag."""
    match event:
        case FlagContained():
            return _contained(event, incident, face, read_back)
        case FlagRestored():
            return _restored(event, face)
        case FlagAsked():
            return _asked(event, incident, face)
        case ContainmentLost():
            return _lost(event, incident, face)
        case ContainmentExtended() | ContainmentEnded() | FlagSwitching():
            return _said(_line(event, face))
        case FlagNotSwitched():
            return _said(f":warning: {_line(event, face)}")
        case _:
            assert_never(event)


def review(event: ReminderSent, incident: Incident, face: Face) -> Drawing:
    """That it is time to look at a flag again. It stays held until somebody decides."""
    t = face.t
    environment, _, flag = event.name.removeprefix(FLAG_REVIEW).rpartition("#")[0].partition("/")
    held = incident.containment(flag, environment)
    text = t("*Look again:* {flag} stays held until somebody decides.", flag=_named(flag, environment))
    if held is None:
        return _said(text)
    told = t(
        "Held at {safe} for {time} by {who}: {reason}",
        safe=code(held.safe),
        time=duration_words(max(0.0, (event.at - held.at).total_seconds()), t),
        who=face.person(held.by),
        reason=quoted(held.reason, REASON_SHOWN),
    )
    asked = t("Asked: {people}", people=", ".join(face.person(each) for each in _answer_for(held, incident)))
    return _said(text, blocks.context(told, asked), *_buttons(incident, flag, environment, held.before, face))


def place(flag: str, environment: str) -> str:
    """A flag, with its environment where that is not the usual one."""
    return _named(flag, environment)


def _answer_for(held: Containment, incident: Incident) -> list[str]:
    people = [held.owner or held.by, *([] if incident.is_closed else [incident.commander or ""])]
    return [person for person in dict.fromkeys(people) if person]


def _said(text: str, *more: Block) -> Drawing:
    return Drawing([blocks.section(text), *more], blocks.notification(text))


def _line(event: Switched, face: Face) -> str:
    return story_flags.line(event, face.t, face.person, lambda text: quoted(text, blocks.SECTION_MAX // 4))


def _named(flag: str, environment: str) -> str:
    shown = code(flag)
    return shown if environment == FIRST_ENVIRONMENT else f"{shown} ({quoted(environment, PERSON_SHOWN)})"


def _contained(event: FlagContained, incident: Incident, face: Face, read_back: ReadBack) -> Drawing:
    t = face.t
    flag, before, safe = _named(event.flag, event.environment), code(event.before), code(event.safe)
    if not read_back.is_held and incident.containment(event.flag, event.environment) is not None:
        text = t(
            "{flag} should be held at {safe}, but *that is not confirmed*: read back, it is not so. It is being "
            "checked.",
            flag=flag,
            safe=safe,
        )
    elif is_off(event.safe):
        text = t(
            "{flag} is *OFF for everyone*: served {before}, now held at {safe}.",
            flag=flag,
            before=before,
            safe=safe,
        )
    else:
        text = t(
            "{flag} is *held for everyone*: served {before}, now held at {safe}.",
            flag=flag,
            before=before,
            safe=safe,
        )
    if read_back.is_held and read_back.seconds is not None:
        text = f"{text} {_confirmed(read_back.seconds, t)}"
    small = [t("{who}: {reason}", who=face.person(event.by), reason=quoted(event.reason, REASON_SHOWN))]
    if event.asked_by:
        small.append(t("Asked for by {who}.", who=face.person(event.asked_by)))
    if event.review_at is not None:
        small.append(t("Somebody looks at it again: {when}", when=day_and_clock(event.review_at)))
    drawn = [blocks.context("\n".join(small))]
    if event.alone:
        drawn.insert(0, _alone(event.alone, face))
    return _said(text, *drawn, *_buttons(incident, event.flag, event.environment, event.before, face))


def _confirmed(seconds: float, t: Translate) -> str:
    if seconds < 0.05:  # which rounds to nothing, and nothing takes no time
        return t("Confirmed in less than 0.1 s.")
    return t("Confirmed in {seconds} s.", seconds=f"{seconds:.1f}")


def _alone(why: str, face: Face) -> Block:
    """Loud, so that it is talked about afterwards."""
    return blocks.section(
        face.t(":rotating_light: *Without a second person*, because: {why}", why=quoted(why, REASON_SHOWN))
    )


def _buttons(incident: Incident, flag: str, environment: str, before: str, face: Face) -> list[Block]:
    t = face.t
    value = _value(FlagAim(incident=incident.number, flag=flag, environment=environment))
    if value is None:
        return []
    asked = blocks.confirm(
        t("Undo {flag}?", flag=flag),
        t("It serves {before} to everyone again, at once.", before=before),
        yes=t("Undo"),
        no=t("Keep it held"),
    )
    return [
        blocks.actions(
            blocks.button(t("Undo"), Action.FLAG_UNDO, value, confirm=asked),
            blocks.button(t("Keep 4 h"), Action.FLAG_EXTEND, value),
        )
    ]


def _value(aim: Travelling) -> str | None:
    """As it travels, or None where a flag's name is too long for a button."""
    value = pack(aim)
    return value if len(value) <= blocks.VALUE_MAX else None


def _restored(event: FlagRestored, face: Face) -> Drawing:
    t = face.t
    text = t(
        "{flag} serves {serves} again for everyone ({who}).",
        flag=_named(event.flag, event.environment),
        serves=code(event.serves),
        who=face.person(event.by),
    )
    if event.over:
        text = f"{text} {t('{who} had changed it meanwhile.', who=_changer(event.over, face))}"
    return _said(text, _alone(event.alone, face)) if event.alone else _said(text)


def _asked(event: FlagAsked, incident: Incident, face: Face) -> Drawing:
    t = face.t
    who = face.person(event.owner) if event.policy == Policy.OWNER else t("somebody else who takes part")
    text = t(
        "*{person} wants a flag held*: {flag} at {safe}; it serves {before}. {who} presses, and it is done.",
        person=face.person(event.by),
        flag=_named(event.flag, event.environment),
        safe=code(event.safe),
        before=code(event.before),
        who=who[:1].upper() + who[1:],
    )
    value = _value(FlagAim(incident=incident.number, flag=event.flag, environment=event.environment))
    press = (
        [
            blocks.actions(
                blocks.button(
                    _switch_label(event.safe, event.environment, face),
                    Action.FLAG_APPROVE,
                    value,
                    danger=True,
                )
            )
        ]
        if value is not None
        else []
    )
    why = t("{who}: {reason}", who=face.person(event.by), reason=quoted(event.reason, REASON_SHOWN))
    return _said(text, blocks.context(why), *press)


def _switch_label(safe: str, environment: str, face: Face) -> str:
    if is_off(safe):
        return face.t("Switch off in {environment}", environment=environment)
    return face.t("Hold in {environment}", environment=environment)


def switch_label(safe: str, environment: str, face: Face) -> str:
    """What the button says that does it."""
    return _switch_label(safe, environment, face)


def _lost(event: ContainmentLost, incident: Incident, face: Face) -> Drawing:
    t = face.t
    flag = _named(event.flag, event.environment)
    if event.serves == GONE:
        text = t(
            "<!channel> {flag} *is gone* from where it is kept: each application serves its own default now, which "
            "may be what was switched off. Nobody asked Firebreak for that.",
            flag=flag,
        )
    else:
        text = t(
            "<!channel> {flag} *is not held any more*: it serves {serves}, changed by {who}. Nobody asked "
            "Firebreak for that.",
            flag=flag,
            serves=code(event.serves),
            who=_changer(event.changed_by, face) or t("somebody"),
        )
    value = _value(FlagAim(incident=incident.number, flag=event.flag, environment=event.environment))
    if value is None:
        return _said(text)
    return _said(
        text,
        blocks.actions(
            blocks.button(t("Contain again"), Action.FLAG_AGAIN, value, danger=True),
            blocks.button(t("Accept"), Action.FLAG_ACCEPT, value),
        ),
    )


def _changer(who: str, face: Face) -> str:
    """Who changed a flag behind our back: a person of ours as a mention, else the name that the back-end tells."""
    named = face.person(who)
    return named if named.startswith("<@") else quoted(who, PERSON_SHOWN)


def since_declared(at: datetime, incident: Incident) -> bool:
    """Whether something changed after the incident was declared, or shortly before: a likely suspect."""
    return (incident.declared_at - at).total_seconds() < SUSPECT_SECONDS


SUSPECT_SECONDS = 3600.0  # most incidents are noticed within an hour of the change that caused them
