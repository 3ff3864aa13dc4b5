"""The exit gates: a phase ends when its required steps are done and its exit questions are answered.

Whoever leads may go on all the same, with a reason; the incident then says "left unverified" wherever it is shown.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import (
    ActionItemDraft,
    AddActionItem,
    CloseIncident,
    CompleteActionItem,
    EnterNextPhase,
    OverrideGate,
    ReopenActionItem,
)
from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ActionItemReopened,
    Event,
    GateAnswered,
    GateOverridden,
    IncidentClosed,
    PhaseEntered,
)
from bot.domain.incident import Incident
from bot.domain.questions import Answer, Proof, unanswered
from bot.domain.rules import flags
from bot.domain.rules.words import written
from bot.domain.vocabulary import ANSWER_MAX, REASON_MAX, Phase, Refused

ACTION_ITEMS_MAX = 20  # of one incident; more are a project, which has another home


class Unanswered(Refused):
    """An exit question that has no answer yet. The form shows the sentence below its input."""

    def __init__(self, question: Proof, text: str, /, **params: object) -> None:
        super().__init__(text, **params)
        self.question = question


def steps_done(incident: Incident) -> None:
    """Refuse to leave a phase whose required steps are open, naming them."""
    blocking = incident.blocking()
    if blocking:
        raise Refused(
            "Phase {phase} is not over. Press *Done* on each of these, or *Skip…* with a reason:\n{steps}",
            phase=incident.phase,
            steps="\n".join(f"• {item.step.text}" for item in blocking),
        )


def may_close(incident: Incident) -> None:
    """An incident closes from its last phase alone."""
    if incident.phase.next is not Phase.CLOSED:
        raise Refused(
            "{incident} is in phase {phase}. Go on with *Next phase* on the card; an incident closes from "
            "prevent, so that nobody forgets to make it impossible.",
            incident=incident.name,
            phase=incident.phase,
        )


def closes(incident: Incident) -> None:
    """Refuse to end the last phase while a flag is held of which nobody has said what becomes."""
    if incident.phase.next is Phase.CLOSED:
        flags.nothing_held(incident)


def leave(incident: Incident, command: EnterNextPhase | CloseIncident, now: datetime) -> list[Event]:
    """Answer the exit questions and go on."""
    if isinstance(command, CloseIncident):
        may_close(incident)
    elif incident.phase is not command.leaving:
        return []
    steps_done(incident)
    answers = tuple(_said(answer) for answer in command.answers if answer.text.strip())
    added = [] if command.action_item is None else [_item(incident, command.by, command.action_item, now)]
    items = [*incident.action_items, *(event.item for event in added)]
    missing = unanswered(incident.phase, answers, items)
    if missing:
        raise _what_is_missing(missing[0])
    _every_path(incident, answers)
    _own_questions(incident, answers)
    closes(incident)
    answered = GateAnswered(at=now, by=command.by, phase=incident.phase, answers=answers)
    return [answered, *added, _next(incident, command.by, now)]


def override(incident: Incident, command: OverrideGate, now: datetime) -> list[Event]:
    """Go on although it is not proven; only whoever leads may, and it stays visible."""
    if incident.phase is not command.leaving:
        raise Refused(
            "{incident} is in phase {phase} by now, so nothing was changed: what you read was about {leaving}. "
            "Look at what is open now: `/incident override`.",
            incident=incident.name,
            phase=incident.phase,
            leaving=command.leaving,
        )
    may_override(incident, command.by)
    reason = written(
        command.reason,
        REASON_MAX,
        Refused(
            "Say why, for those who read it later: `/incident override {phase} <reason>`.",
            phase=command.leaving.value,
        ),
    )
    closes(incident)
    overridden = GateOverridden(
        at=now,
        by=command.by,
        phase=incident.phase,
        reason=reason,
        steps=tuple(item.step.text for item in incident.blocking()),
        questions=unanswered(incident.phase, (), incident.action_items),
    )
    return [overridden, _next(incident, command.by, now)]


def may_override(incident: Incident, person: str) -> None:
    """Refuse everybody but the lead."""
    if incident.commander != person:
        raise Refused(
            "Only the lead may go on without proof, so nothing was changed. `/incident lead` takes the lead."
        )


def add_action_item(incident: Incident, command: AddActionItem, now: datetime) -> list[Event]:
    """Work that outlives the incident. The same work for the same person is the same item."""
    draft = command.item
    if any((item.text, item.owner) == (draft.text.strip(), draft.owner) for item in incident.action_items):
        return []
    return [_item(incident, command.by, draft, now)]


def turn_action_item(
    incident: Incident, command: CompleteActionItem | ReopenActionItem, now: datetime
) -> list[Event]:
    """Done, or open again, from Slack; after the incident is closed, too."""
    item = next((item for item in incident.action_items if item.number == command.number), None)
    if item is None:
        raise Refused(
            "{incident} has no action item {number}. `/incident action` lists them.",
            incident=incident.name,
            number=command.number,
        )
    if isinstance(command, ReopenActionItem):
        if item.done_at is None:
            return []
        return [ActionItemReopened(at=now, by=command.by, number=item.number, text=item.text)]
    if item.done_at is not None:
        return []
    return [ActionItemDone(at=now, by=command.by, number=item.number, text=item.text)]


def _every_path(incident: Incident, answers: tuple[Answer, ...]) -> None:
    """Where it was said which paths are affected, each of them has its own line."""
    if incident.phase is not Phase.STABILIZE:
        return
    said = {answer.about for answer in answers if answer.question is Proof.PATHS}
    missing = next((path for path in incident.paths if path not in said), None)
    if missing is not None:
        raise Unanswered(
            Proof.PATHS,
            "How do you know that {path} works again? Each affected path needs its line; write “was not "
            "affected” where that is so.",
            path=missing,
        )


def _own_questions(incident: Incident, answers: tuple[Answer, ...]) -> None:
    """What the runbook asks besides."""
    said = {answer.about for answer in answers if answer.question is Proof.OWN}
    for question in incident.questions.get(incident.phase, ()):
        if question.required and question.text not in said:
            raise Unanswered(Proof.OWN, "The runbook asks: {question}", question=question.text)


def _next(incident: Incident, by: str, now: datetime) -> Event:
    if incident.phase.next is Phase.CLOSED:
        return IncidentClosed(at=now, by=by)
    return PhaseEntered(at=now, by=by, phase=incident.phase.next, left=incident.phase)


def _said(answer: Answer) -> Answer:
    text = written(answer.text, ANSWER_MAX, Refused("The answer is empty."))
    return answer.model_copy(update={"text": text})


def _item(incident: Incident, by: str, draft: ActionItemDraft, now: datetime) -> ActionItemAdded:
    if len(incident.action_items) >= ACTION_ITEMS_MAX:
        raise Refused(
            "{incident} has {count} action items already, and more nobody keeps in sight. Join some.",
            incident=incident.name,
            count=len(incident.action_items),
        )
    text = written(
        draft.text,
        REASON_MAX,
        Refused("What is to be done? Type `/incident action @name 2026-12-01 <text>`."),
    )
    if draft.due < now.date():
        raise Unanswered(
            Proof.NO_ACTION_ITEM, "{due} is over. Choose a date to come.", due=draft.due.isoformat()
        )
    number = len(incident.action_items) + 1
    return ActionItemAdded(at=now, by=by, number=number, text=text, owner=draft.owner, due=draft.due)


def _what_is_missing(question: Proof) -> Unanswered:
    match question:
        case Proof.PATHS:
            return Unanswered(question, "Name at least one path that works again, and how you know.")
        case Proof.NO_ACTION_ITEM:
            return Unanswered(
                question, "Add an action item with its owner and its date, or say why none is needed."
            )
        case _:
            return Unanswered(question, "This is not answered yet. A phase ends when all of it is true.")
