"""The exit questions: what must be answered before a phase ends, so that it ends because it is true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from bot.domain.language import marked
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Phase

# The defaults of the settings. A critical path is a business flow that must work.
CRITICAL_PATHS = (marked("signup"), marked("search"), marked("cart"), marked("payment"))
ROOT_CAUSES = (
    marked("race condition"),
    marked("missing idempotency"),
    marked("unindexed query"),
    marked("misconfigured timeout or retry"),
    marked("bad deploy or migration"),
    marked("capacity"),
    marked("dependency"),
)


class Proof(StrEnum):
    """The names are stored; what people read stands in story.py."""

    PATHS = "paths"
    ROOT_CAUSE = "root_cause"
    FIX = "fix"
    REGRESSION_TEST = "regression_test"
    ALERT = "alert"
    RUNBOOK = "runbook"
    OBJECTIVE = "objective"
    KNOWLEDGE = "knowledge"
    NO_ACTION_ITEM = "no_action_item"
    OWN = "own"  # one that the runbook asks; the answer is about its words


EXIT_QUESTIONS: dict[Phase, tuple[Proof, ...]] = {
    Phase.STABILIZE: (Proof.PATHS,),
    Phase.REPAIR: (Proof.ROOT_CAUSE, Proof.FIX, Proof.REGRESSION_TEST),
    Phase.PREVENT: (Proof.ALERT, Proof.RUNBOOK, Proof.OBJECTIVE, Proof.KNOWLEDGE),
    Phase.CLOSED: (),
}

# Answers that are nothing without it: which path, which category, whose alert.
ABOUT_SOMETHING = (Proof.PATHS, Proof.ROOT_CAUSE, Proof.ALERT, Proof.OWN)


class Answer(Frozen):
    """`about` is the critical path, the category of the cause, or the id of the alert's owner."""

    question: Proof
    text: str
    about: str = ""


class ActionItem(Frozen):
    """Work that outlives the incident: what, who, until when, and since when it is done."""

    number: int
    text: str
    owner: str
    due: date
    done_by: str | None = None
    done_at: datetime | None = None
    added_at: datetime | None = None

    def is_overdue(self, today: date) -> bool:
        """From the day after its own on, until it is done."""
        return self.done_at is None and self.due < today


def unanswered(
    phase: Phase, answers: Iterable[Answer], action_items: Iterable[ActionItem]
) -> tuple[Proof, ...]:
    """The questions of `phase` that nobody has answered. An action item answers for itself."""
    said = {
        answer.question
        for answer in answers
        if answer.text.strip() and (answer.about or answer.question not in ABOUT_SOMETHING)
    }
    missing = [question for question in EXIT_QUESTIONS[phase] if question not in said]
    if phase is Phase.PREVENT and Proof.NO_ACTION_ITEM not in said and not list(action_items):
        missing.append(Proof.NO_ACTION_ITEM)
    return tuple(missing)
