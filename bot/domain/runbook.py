"""A runbook: for one kind of incident, the steps of each phase. How it is read from a file lies elsewhere."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.vocabulary import Phase

STEP_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"  # travels in a button's value, and people read it in the timeline
PHASES_WITH_STEPS = (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)


class Frozen(BaseModel):
    """Values do not change, and a misspelt key is an error rather than a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Frozen):
    """One checklist item. `text` is an order that can be checked; `why` is the reason, for tired readers."""

    id: Annotated[str, Field(pattern=STEP_ID)]
    text: Annotated[str, Field(min_length=1, max_length=200)]
    why: Annotated[str, Field(max_length=400)] = ""
    required: bool = False
    flag: Annotated[str, Field(max_length=100)] | None = None


class Matching(Frozen):
    """When a runbook fits: words that stand in the incident's title."""

    words: tuple[str, ...] = ()


class Runbook(Frozen):
    """One runbook. Step ids are unique across its phases, because a tick names the step alone."""

    id: Annotated[str, Field(pattern=STEP_ID)]
    title: Annotated[str, Field(min_length=1, max_length=100)]
    purpose: Annotated[str, Field(max_length=500)] = ""
    matching: Matching = Matching()
    phases: dict[Phase, tuple[Step, ...]]

    @model_validator(mode="after")
    def _whole(self) -> Runbook:
        for phase in PHASES_WITH_STEPS:
            if not self.phases.get(phase):
                raise ValueError(f"phase {phase.value!r} has no steps; give it at least one")
        if Phase.CLOSED in self.phases:
            raise ValueError("'closed' is the end, not a phase with steps; move them to 'prevent'")
        seen: set[str] = set()
        for step in self.steps():
            if step.id in seen:
                raise ValueError(f"step id {step.id!r} stands twice; ids are unique within a runbook")
            seen.add(step.id)
        return self

    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the phases."""
        return tuple(step for phase in PHASES_WITH_STEPS for step in self.phases.get(phase, ()))


def matched_words(runbook: Runbook, title: str) -> list[str]:
    """The runbook's words that stand in the title, whole and regardless of case."""
    words = set(re.findall(r"\w+", title.casefold()))
    return [word for word in runbook.matching.words if set(word.casefold().split()) <= words]


def best_match(runbooks: list[Runbook], title: str) -> Runbook | None:
    """The runbook with the most of its words in the title; on a tie, and where none fits, the first by id."""
    ordered = sorted(runbooks, key=lambda runbook: (-len(matched_words(runbook, title)), runbook.id))
    return ordered[0] if ordered else None
