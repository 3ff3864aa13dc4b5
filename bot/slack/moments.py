"""What is said in the incident's channel when something happens. The event carries the words."""

from __future__ import annotations

from bot.domain import story, story_gates
from bot.domain.captured import PersonLeft
from bot.domain.events import (
    Event,
    GateAnswered,
    IncidentClosed,
    NoteAdded,
    PhaseEntered,
    ReminderSent,
    RoleTaken,
    SeverityChanged,
    UpdatePosted,
)
from bot.domain.incident import Incident
from bot.domain.likeness import LikenessFound
from bot.domain.metrics.wording import duration_words
from bot.domain.naming import phase_word
from bot.domain.reminders import FLAG_REVIEW, NOBODY_LEADS
from bot.domain.switching import Switched
from bot.domain.vocabulary import Phase, Role
from bot.slack import blocks, flags
from bot.slack.blocks import Block
from bot.slack.cards import recovery_times
from bot.slack.face import Drawing, Face
from bot.slack.flags import ReadBack
from bot.slack.ids import Action, IncidentAim, pack
from bot.slack.leftovers import unverified
from bot.slack.likenesses import likeness
from bot.slack.measures import measured
from bot.slack.reminders import reminder
from bot.slack.text import clock, code, paragraphs, quoted

NOTE_PIECE = 2900  # of a section's 3,000: a note never fills more than six of them, however it is escaped
ANSWER_SHOWN = 2800  # of an answer, escaped; the export has the whole of it


def moment(event: Event, incident: Incident, face: Face, read_back: ReadBack = ReadBack.NOT_ASKED) -> Drawing:
    """The message that tells `event`; `read_back` is how a flag that it speaks of was found just now."""
    if isinstance(event, Switched):
        return flags.moment(event, incident, face, read_back)
    match event:
        case PersonLeft(is_bot=True):
            return _said(_bot_left(event, incident, face))
        case SeverityChanged():
            return _said(_severity_changed(event, face))
        case RoleTaken(role=Role.COMMANDER):
            return _said(_lead_taken(event, face))
        case PhaseEntered():
            return _said(_phase_entered(event, incident, face))
        case GateAnswered():
            return _answered(event, face)
        case IncidentClosed():
            return _closed(incident, face)
        case UpdatePosted():
            return _update(event, face)
        case LikenessFound():
            return likeness(event, face)
        case NoteAdded():
            return _note(event, face)
        case ReminderSent(name=name, also=()) if name == NOBODY_LEADS:
            return _nobody_leads(event, incident, face)
        case ReminderSent(name=name) if name.startswith(FLAG_REVIEW):
            return flags.review(event, incident, face)
        case ReminderSent():
            return reminder(event, incident, face)
        case _:
            return _said(
                story.line(event, face.t, face.person, lambda text: quoted(text, blocks.SECTION_MAX))
            )


def _said(text: str, *more: Block) -> Drawing:
    return Drawing([blocks.section(text), *more], blocks.notification(text))


def _bot_left(event: PersonLeft, incident: Incident, face: Face) -> str:
    """For whoever leads, in private, and where the announcement stands: which channel, and what to type there."""
    return face.t(
        "*{incident}: I am not in {channel} any more.* I hear nothing there and can bring nobody in. "
        "To bring me back, type {command} in it and choose {bot}.",
        incident=incident.name,
        channel=f"<#{incident.channel}>",
        command=code("/invite"),
        bot=face.person(event.by),
    )


def _severity_changed(event: SeverityChanged, face: Face) -> str:
    who, previous, severity = face.person(event.by), event.previous.value, event.severity.value
    meaning = face.meaning(event.severity)
    if not meaning:
        return face.t(
            "*{severity}* now, it was {previous} ({who}).", severity=severity, previous=previous, who=who
        )
    return face.t(
        "*{severity}* now, it was {previous} ({who}). {severity}: {meaning}",
        severity=severity,
        previous=previous,
        who=who,
        meaning=meaning,
    )


def _lead_taken(event: RoleTaken, face: Face) -> str:
    who = face.person(event.person)
    if event.by != event.person:
        return story.line(event, face.t, face.person)
    if event.previous is None:
        return face.t("*{who} leads now.*", who=who)
    return face.t(
        "*{who} leads now*, taking over from {previous}.", who=who, previous=face.person(event.previous)
    )


def _phase_entered(event: PhaseEntered, incident: Incident, face: Face) -> str:
    t, who = face.t, face.person(event.by)
    after = duration_words(max(0.0, (event.at - incident.declared_at).total_seconds()), t)
    match event.left:
        case Phase.STABILIZE:
            return t(
                "*Stabilized* after {time} ({who}). Now repair: the checklist shows the next steps.",
                time=after,
                who=who,
            )
        case Phase.REPAIR:
            return t(
                "*Repaired* after {time} ({who}). Now prevent: what keeps it from coming back.",
                time=after,
                who=who,
            )
        case _:
            return story.line(event, t, face.person)


def _answered(event: GateAnswered, face: Face) -> Drawing:
    """Each answer a section of its own: they are long, and what people know stands in them."""
    t = face.t
    phase, who = phase_word(event.phase, t), face.person(event.by)
    headline = t("*How we know that {phase} is over* ({who})", phase=phase, who=who)
    said = story_gates.answer_lines(event, t, face.person, lambda text: quoted(text, ANSWER_SHOWN))
    return Drawing([blocks.section(headline), *map(blocks.section, said)], blocks.notification(headline))


def _closed(incident: Incident, face: Face) -> Drawing:
    t = face.t
    headline = t("*{incident} is closed.*", incident=incident.name)
    figures = [*recovery_times(incident, face), *measured(incident, face)]
    text = "\n".join(filter(None, [headline, *figures, unverified(incident, face)]))
    draft = blocks.button(
        t("Draft the postmortem"), Action.DRAFT_POSTMORTEM, pack(IncidentAim(incident=incident.number))
    )
    offer = blocks.actions(draft)
    if not incident.containments:
        return _said(text, offer)
    flags = ", ".join(code(held.flag, 60) for held in incident.containments[:10])
    held = t(
        "*Still held:* {flags}. Undo each with {command}", flags=flags, command=code(t("/flag undo <flag>"))
    )
    return _said(text, blocks.section(held), offer)


def _update(event: UpdatePosted, face: Face) -> Drawing:
    """What is so, what we do, and when we speak again: each where it is looked for."""
    t = face.t
    drawn = [blocks.context(t("*Update* by {who}", who=face.person(event.by)))]
    drawn += [blocks.section(piece) for piece in paragraphs(event.text, NOTE_PIECE)]
    if event.doing:
        drawn.append(blocks.section(t("*What we do*")))
        drawn += [blocks.section(piece) for piece in paragraphs(event.doing, NOTE_PIECE)]
    if event.next_at is not None:
        drawn.append(blocks.context(t("Next update: {when}", when=clock(event.next_at))))
    return Drawing(drawn, blocks.notification(t("Update: {text}", text=quoted(event.text, 500))))


def _note(event: NoteAdded, face: Face) -> Drawing:
    t, who = face.t, face.person(event.by)
    pieces = [blocks.section(piece) for piece in paragraphs(event.text, NOTE_PIECE)]
    by = blocks.context(t("Note by {who}", who=who))
    return Drawing([by, *pieces], blocks.notification(t("Note: {text}", text=quoted(event.text, 500))))


def _nobody_leads(event: ReminderSent, incident: Incident, face: Face) -> Drawing:
    t = face.t
    after = duration_words(max(0.0, (event.at - incident.declared_at).total_seconds()), t)
    text = t(
        "*Nobody leads {incident} yet*, {time} after it was declared. Somebody has to decide what comes first.",
        incident=incident.name,
        time=after,
    )
    lead = blocks.button(
        t("Take the lead"), Action.TAKE_LEAD, pack(IncidentAim(incident=incident.number)), primary=True
    )
    return _said(text, blocks.actions(lead))
