"""A runbook: for one kind of incident, the steps of each phase. How it is read from a file lies elsewhere."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.vocabulary import Phase

STEP_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"  # travels in a button's value, and people read it in the timeline
STEPS_MAX = 20  # in one phase: Slack shows 50 blocks a message and a step takes two; nobody finishes more
PHASES_WITH_STEPS = (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)

# A `description` says what is right, in the words that finish "… must be": people read it when it is not so.
AN_ID = "lower-case letters, digits and hyphens, at most 40, such as 'call-the-provider'"


class Frozen(BaseModel):
    """Values do not change, and a misspelt key is an error rather than a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Frozen):
    """One checklist item. `text` is an order that can be checked; `why` is the reason, for tired readers."""

    id: Annotated[str, Field(pattern=STEP_ID, description=AN_ID)]
    text: Annotated[str, Field(min_length=1, max_length=200, description="a text of 1 to 200 characters")]
    why: Annotated[str, Field(max_length=400, description="a text of at most 400 characters")] = ""
    required: Annotated[bool, Field(description="true or false")] = False
    flag: Annotated[str | None, Field(max_length=100, description="the key of a flag")] = None


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _has_letters(word: str) -> str:
    if not _tokens(word):
        raise ValueError("a word needs a letter or a digit, or it would fit every title")
    return word


class Matching(Frozen):
    """When a runbook fits: words that stand in the incident's title. None: it is there when no other fits."""

    words: Annotated[
        tuple[Annotated[str, AfterValidator(_has_letters)], ...],
        Field(description="a list of words, such as [payment, checkout]"),
    ] = ()


class Runbook(Frozen):
    """One runbook. Step ids are unique across its phases, because a tick names the step alone."""

    id: Annotated[str, Field(pattern=STEP_ID, description=AN_ID)]
    title: Annotated[str, Field(min_length=1, max_length=100, description="a text of 1 to 100 characters")]
    purpose: Annotated[str, Field(max_length=500, description="a text of at most 500 characters")] = ""
    matching: Matching = Matching()
    phases: Annotated[
        dict[Phase, tuple[Step, ...]],
        Field(description="stabilize, repair and prevent, each with a list of steps"),
    ]

    @model_validator(mode="after")
    def _whole(self) -> Runbook:
        if Phase.CLOSED in self.phases:
            raise _wrong(
                "'closed' is the end, not a phase with steps; move them to 'prevent'", "phases", "closed"
            )
        for phase in PHASES_WITH_STEPS:
            count = len(self.phases.get(phase, ()))
            if count == 0:
                raise _wrong(
                    f"phase {phase.value!r} has no steps; give it at least one", "phases", phase.value
                )
            if count > STEPS_MAX:
                raise _wrong(
                    f"phase {phase.value!r} has {count} steps and at most {STEPS_MAX} fit; join some, "
                    "or make a second runbook",
                    "phases",
                    phase.value,
                )
        self._no_step_twice()
        return self

    def _no_step_twice(self) -> None:
        seen: set[str] = set()
        for phase in PHASES_WITH_STEPS:
            for position, step in enumerate(self.phases[phase]):
                if step.id in seen:
                    raise _wrong(
                        f"step id {step.id!r} stands twice; ids are unique within a runbook, rename one",
                        "phases",
                        phase.value,
                        position,
                        "id",
                    )
                seen.add(step.id)

    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the phases."""
        return tuple(step for phase in PHASES_WITH_STEPS for step in self.phases.get(phase, ()))


def _wrong(what: str, *place: str | int) -> PydanticCustomError:
    """A broken rule about the whole, with the place where it was broken."""
    return PydanticCustomError("runbook", "{what}", {"what": what, "place": place})


def matched_words(runbook: Runbook, title: str) -> list[str]:
    """The runbook's words that stand in the title, whole and regardless of case."""
    words = set(_tokens(title))
    return [word for word in runbook.matching.words if set(_tokens(word)) <= words]


def best_match(runbooks: list[Runbook], title: str) -> Runbook | None:
    """The runbook with the most of its words in the title; on a tie the first by id.

    Where no word fits, one that names no words comes first: it is the general one.
    """
    ordered = sorted(
        runbooks,
        key=lambda runbook: (
            -len(matched_words(runbook, title)),
            bool(runbook.matching.words),
            runbook.id,
        ),
    )
    return ordered[0] if ordered else None
