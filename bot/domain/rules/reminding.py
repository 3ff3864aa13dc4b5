"""Reminders: what is due is told once, in as few messages as there are places for it; and put off on request."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.commands import SendReminder, SnoozeReminder
from bot.domain.events import Event, ReminderSent, ReminderSnoozed
from bot.domain.incident import Incident
from bot.domain.reminders import UPDATE_DUE, due_by, item_of, step_of
from bot.domain.vocabulary import SNOOZE_MAX, Refused, StepState


def remind(incident: Incident, command: SendReminder | SnoozeReminder, now: datetime) -> list[Event]:
    if isinstance(command, SnoozeReminder):
        return _snooze(incident, command, now)
    return _send(incident, command, now)


def _send(incident: Incident, command: SendReminder, now: datetime) -> list[Event]:
    """A reminder that is no longer wanted, or not yet, is no mistake: nothing happens."""
    sent: list[Event] = []
    for first, *also in due_by(incident, command.names, now):
        sent.append(ReminderSent(at=now, by=command.by, also=tuple(also), **first.model_dump()))
    return sent


def _snooze(incident: Incident, command: SnoozeReminder, now: datetime) -> list[Event]:
    if not 0 < command.minutes <= SNOOZE_MAX:
        raise Refused("A reminder waits for a day at the most, so nothing was changed.")
    item, step = item_of(incident, command.name), step_of(incident, command.name)
    if item is not None:
        wanted = item.done_at is None
    elif step is not None:
        wanted = not incident.is_closed and step.phase is incident.phase and step.state is StepState.OPEN
    else:
        wanted = not incident.is_closed and command.name == UPDATE_DUE
    if not wanted:
        raise Refused("That is not open any more, so there is nothing left to remind of.")
    until = now + timedelta(minutes=command.minutes)
    if incident.snoozed.get(command.name) == until:
        return []
    return [ReminderSnoozed(at=now, by=command.by, name=command.name, until=until)]
