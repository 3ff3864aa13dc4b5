"""Whom a command asks for something: somebody who has left cannot do it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.commands import (
    ActionItemDraft,
    AddActionItem,
    AssignRole,
    AssignStep,
    CloseIncident,
    Command,
    EnterNextPhase,
    HandOver,
)
from bot.domain.questions import Answer, Proof
from bot.domain.vocabulary import Refused


def asked(command: Command) -> tuple[str, ...]:
    """The people that it wants something from, besides whoever asks."""
    match command:
        case AssignRole() | HandOver() | AssignStep():
            return (command.person,)
        case AddActionItem():
            return (command.item.owner,)
        case EnterNextPhase() | CloseIncident():
            return _at_the_gate(command.answers, command.action_item)
        case _:
            return ()


def _at_the_gate(answers: tuple[Answer, ...], item: ActionItemDraft | None) -> tuple[str, ...]:
    """Who owns the alert, and who the action item."""
    owners = [answer.about for answer in answers if answer.question is Proof.ALERT and answer.about]
    return (*owners, *(() if item is None else (item.owner,)))


def still_here(gone: Sequence[str]) -> None:
    """Refuse to ask somebody whose account is switched off; `gone` has their names."""
    if gone:
        raise Refused(
            "{who} has left: their account in Slack is switched off, so nothing was changed. Name somebody else.",
            who=gone[0],
        )
