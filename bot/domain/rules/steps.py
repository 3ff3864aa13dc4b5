"""The checklist: what may be done to a step."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import CompleteStep, ReopenStep, SkipStep
from bot.domain.events import Event, StepDone, StepReopened, StepSkipped
from bot.domain.incident import Incident, Item
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Refused, StepState


def tick(incident: Incident, command: CompleteStep | SkipStep | ReopenStep, now: datetime) -> list[Event]:
    item = incident.item(command.step)
    if item is None:
        raise Refused(
            "{incident} has no step {step!r} any more. The checklist in its channel shows those there are.",
            incident=incident.name,
            step=command.step,
        )
    match command:
        case CompleteStep():
            return _complete(item, command, now)
        case SkipStep():
            return _skip(item, command, now)
        case ReopenStep():
            if item.state is StepState.OPEN:
                return []
            return [StepReopened(at=now, by=command.by, step=item.step.id, text=item.step.text)]


def _complete(item: Item, command: CompleteStep, now: datetime) -> list[Event]:
    if item.state is StepState.DONE:
        return []
    return [StepDone(at=now, by=command.by, step=item.step.id, text=item.step.text)]


def _skip(item: Item, command: SkipStep, now: datetime) -> list[Event]:
    if item.state is StepState.DONE:
        raise Refused("That step is done already, so it was not skipped. Press *Undo* on it first.")
    if item.state is StepState.SKIPPED:
        return []
    reason = written(
        command.reason, REASON_MAX, Refused("A skipped step needs a reason: say why it can wait.")
    )
    return [StepSkipped(at=now, by=command.by, step=item.step.id, text=item.step.text, reason=reason)]
