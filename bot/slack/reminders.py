"""A reminder on the screen: what is due, and what to press: do it, or be reminded later. Action items, too."""

from __future__ import annotations

from bot.domain.events import Due, ReminderSent
from bot.domain.incident import Incident
from bot.domain.metrics.wording import duration_words
from bot.domain.reminder_words import reminder_line
from bot.domain.reminders import NOBODY_LEADS, UPDATE_DUE, item_of, step_of
from bot.domain.story_gates import action_item_line
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Drawing, Face
from bot.slack.ids import Action, IncidentAim, ItemAim, SnoozeAim, StepAim, pack
from bot.slack.text import day_and_clock, quoted

SOON, LATER = 15, 60  # minutes: after what is under way, or after the next meeting
DAY = 1440  # minutes: an action item is put off to the next day
SHOWN_WITH_BUTTONS = 8  # of what is due in one message; the checklist has the rest
SUBJECT_SHOWN = 500  # characters of a step or an action item, escaped
ITEMS_WITH_BUTTONS = 20  # as many as an incident may have


def reminder(event: ReminderSent, incident: Incident, face: Face) -> Drawing:
    """One message for all that was due: a line and its buttons each."""
    drawn: list[Block] = []
    told = reminder_line(event, face.t, face.person, _quoted, day_and_clock).split("\n")
    for number, (due, said) in enumerate(zip(event.everything, told, strict=True)):
        drawn.append(blocks.section(said))
        if number < SHOWN_WITH_BUTTONS:
            drawn.append(_buttons(due, incident, face))
    if (
        item_of(incident, event.name) is not None
    ):  # in private, where nothing else says which incident this is
        title = quoted(incident.title, SUBJECT_SHOWN)
        where = f"<#{incident.channel}>" if incident.channel else ""
        drawn.append(blocks.context(f"{incident.name} {title} {where}".rstrip()))
    return Drawing(drawn[: blocks.BLOCKS_MAX], blocks.notification(told[0]))


def _quoted(text: str) -> str:
    return quoted(text, SUBJECT_SHOWN)


def _buttons(due: Due, incident: Incident, face: Face) -> Block:
    t, number = face.t, incident.number
    step, item = step_of(incident, due.name), item_of(incident, due.name)
    if item is not None:
        done = blocks.button(
            t("Done"), Action.ITEM_DONE, pack(ItemAim(incident=number, item=item.number)), primary=True
        )
        return blocks.actions(done, _snooze(due, incident, face, DAY))
    if due.name == NOBODY_LEADS:
        aim = pack(IncidentAim(incident=number))
        return blocks.actions(blocks.button(t("Take the lead"), Action.TAKE_LEAD, aim, primary=True))
    first: Block | None = None
    if due.name == UPDATE_DUE:
        aim = pack(IncidentAim(incident=number))
        first = blocks.button(t("Update…"), Action.POST_UPDATE, aim, primary=True)
    elif step is not None:
        first = blocks.button(t("Done"), Action.STEP_DONE, pack(StepAim(incident=number, step=step.step.id)))
    return blocks.actions(
        first,
        _snooze(due, incident, face, SOON),
        _snooze(due, incident, face, LATER, Action.SNOOZE_LONGER),
    )


def _snooze(due: Due, incident: Incident, face: Face, minutes: int, action: Action = Action.SNOOZE) -> Block:
    label = face.t("Remind in {time}", time=duration_words(minutes * 60, face.t))
    aim = SnoozeAim(incident=incident.number, name=due.name, minutes=minutes)
    return blocks.button(label, action, pack(aim))


def action_items(incident: Incident, face: Face) -> Drawing:
    """The action items of an incident with a button each: what is open first, the earliest due at the top."""
    t = face.t
    ordered = sorted(
        incident.action_items, key=lambda item: (item.done_at is not None, item.due, item.number)
    )
    drawn = [blocks.section(t("*Action items of {incident}*", incident=incident.name))]
    for item in ordered[:ITEMS_WITH_BUTTONS]:
        aim = pack(ItemAim(incident=incident.number, item=item.number))
        spoken = f"{item.number}. {item.text}"
        button = (
            blocks.button(t("Done"), Action.ITEM_DONE, aim, spoken=f"{t('Done')}: {spoken}")
            if item.done_at is None
            else blocks.button(
                t("Open again"), Action.ITEM_REOPEN, aim, spoken=f"{t('Open again')}: {spoken}"
            )
        )
        drawn.append(blocks.section(action_item_line(item, t, face.person, _quoted), button))
    return Drawing(drawn, blocks.notification(t("Action items of {incident}", incident=incident.name)))
