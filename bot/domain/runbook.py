"""A runbook: for one kind of incident, the steps of each phase. How it is read from a file lies elsewhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.vocabulary import Phase, Role

STEP_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"  # travels in a button's value, and people read it in the timeline
STEPS_MAX = 20  # in one phase: Slack shows 50 blocks a message and a step takes two; nobody finishes more
QUESTIONS_MAX = 5  # at one gate: a form of more is filled with dots
DUE_MAX = 60 * 24 * 90  # minutes; what is due in more than a quarter belongs into an action item
PHASES_WITH_STEPS = (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)

# A `description` says what is right, in the words that finish "… must be": people read it when it is not so.
AN_ID = "lower-case letters, digits and hyphens, at most 40, such as 'call-the-provider'"


class Frozen(BaseModel):
    """Values do not change, and a misspelt key is an error rather than a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


MINUTES = {"": 1, "m": 1, "h": 60, "d": 60 * 24}  # of one unit of a time span; without a unit it is minutes


def _minutes(value: object) -> object:
    """`45`, `30m`, `2h`, `3d` as minutes. A number comes from a stored event, a text from a file."""
    match = re.fullmatch(r"(\d{1,6}) ?([mhd]?)", value.strip(), re.ASCII) if isinstance(value, str) else None
    return int(match[1]) * MINUTES[match[2]] if match else value


# What a button and a link in Slack's markup hold unharmed: no blank, and none of the signs that end a link there.
A_LINK = r"^https://[^\s<>|\"`]+$"
A_COMMAND = r"^[^`\n\r]+$"  # one line in a code span, which a backtick would end


class Step(Frozen):
    """One checklist item. `text` is an order that can be checked; `why` is the reason, for tired readers.

    `due_after` is in minutes from the beginning of the step's phase. `title` is what editors show, as the
    description is, which ends the sentence "… must be".
    """

    id: Annotated[
        str, Field(pattern=STEP_ID, title="The step's name for ever, in ticks and exports", description=AN_ID)
    ]
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            title="An order that can be ticked or not",
            description="a text of 1 to 200 characters",
        ),
    ]
    why: Annotated[
        str, Field(max_length=400, title="The reason", description="a text of at most 400 characters")
    ] = ""
    required: Annotated[bool, Field(title="Whether the phase waits for it", description="true or false")] = (
        False
    )
    flag: Annotated[
        str | None,
        Field(max_length=100, title="The flag that this step holds", description="the key of a flag"),
    ] = None
    due_after: Annotated[
        Annotated[int, Field(ge=1, le=DUE_MAX)] | None,
        BeforeValidator(_minutes),
        Field(
            title="By when, counted from the beginning of the phase",
            description="a time such as '30m', '2h' or '5d', at most 90 days",
        ),
    ] = None
    owner: Annotated[
        Role | None,
        Field(
            title="The role that answers for it",
            description="a role: commander, communications, scribe or responder",
        ),
    ] = None
    link: Annotated[
        str | None,
        Field(
            pattern=A_LINK,
            max_length=300,
            title="The page that is needed for it",
            description="an address that begins with 'https://' and has at most 300 characters",
        ),
    ] = None
    command: Annotated[
        str | None,
        Field(
            pattern=A_COMMAND,
            max_length=300,
            title="What to copy and run",
            description="one line of at most 300 characters, without backticks",
        ),
    ] = None


class Question(Frozen):
    """What must be answered before a phase is left: the proof in words, kept in the timeline."""

    id: Annotated[str, Field(pattern=STEP_ID, title="The question's name for ever", description=AN_ID)]
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            title="The question, as it stands over the field",
            description="a text of 1 to 200 characters",
        ),
    ]
    required: Annotated[
        bool, Field(title="Whether the phase waits for the answer", description="true or false")
    ] = True


@functools.lru_cache(maxsize=1024)  # the words of all runbooks are asked for at each declaration
def _tokens(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def _has_letters(word: str) -> str:
    if not _tokens(word):
        raise ValueError("a word needs a letter or a digit, or it would fit every title")
    return word


Word = Annotated[str, AfterValidator(_has_letters)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Matching(Frozen):
    """When a runbook fits: words in the incident's title, affected services, labels of the alert.

    With nothing here it is the general one: there when no other fits.
    """

    words: Annotated[
        tuple[Word, ...],
        Field(title="Words in the title", description="a list of words, such as [payment, checkout]"),
    ] = ()
    services: Annotated[
        tuple[Name, ...],
        Field(title="Services that are affected", description="a list of services, such as [payments-api]"),
    ] = ()
    labels: Annotated[
        tuple[Name, ...],
        Field(
            title="Labels of the incident or of the alert that declared it",
            description="a list of labels, such as ['team=payments']",
        ),
    ] = ()

    @property
    def is_general(self) -> bool:
        """Whether it names nothing that could fit."""
        return not (self.words or self.services or self.labels)


class Runbook(Frozen):
    """One runbook. Step ids are unique across its phases, because a tick names the step alone."""

    id: Annotated[str, Field(pattern=STEP_ID, title="The runbook's name for ever", description=AN_ID)]
    title: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            title="What is wrong, in a few words",
            description="a text of 1 to 100 characters",
        ),
    ]
    purpose: Annotated[
        str,
        Field(max_length=500, title="What it is for", description="a text of at most 500 characters"),
    ] = ""
    matching: Annotated[Matching, Field(title="When it fits")] = Matching()
    roles: Annotated[
        tuple[Role, ...],
        Field(title="The roles to fill", description="a list of roles, such as [commander, communications]"),
    ] = ()
    phases: Annotated[
        dict[Phase, tuple[Step, ...]],
        Field(
            title="The steps of each phase",
            description="stabilize, repair and prevent, each with a list of steps",
        ),
    ]
    questions: Annotated[
        dict[Phase, tuple[Question, ...]],
        Field(
            title="What must be answered before a phase is left",
            description="stabilize, repair or prevent, each with a list of questions",
        ),
    ] = Field(default_factory=dict)

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
        self._questions_fit()
        _none_twice("step", "phases", {phase: [each.id for each in of] for phase, of in self.phases.items()})
        asked = {phase: [each.id for each in of] for phase, of in self.questions.items()}
        _none_twice("question", "questions", asked)
        return self

    def _questions_fit(self) -> None:
        for phase, questions in self.questions.items():
            if phase is Phase.CLOSED:
                raise _wrong("'closed' is never left; ask this in 'prevent'", "questions", "closed")
            if len(questions) > QUESTIONS_MAX:
                raise _wrong(
                    f"phase {phase.value!r} has {len(questions)} questions and at most {QUESTIONS_MAX} fit",
                    "questions",
                    phase.value,
                )

    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the phases."""
        return tuple(step for phase in PHASES_WITH_STEPS for step in self.phases.get(phase, ()))


def _wrong(what: str, *place: str | int) -> PydanticCustomError:
    """A broken rule about the whole, with the place where it was broken."""
    return PydanticCustomError("runbook", "{what}", {"what": what, "place": place})


def _none_twice(kind: str, key: str, ids: Mapping[Phase, Sequence[str]]) -> None:
    seen: set[str] = set()
    for phase in PHASES_WITH_STEPS:
        for position, each in enumerate(ids.get(phase, ())):
            if each in seen:
                what = f"{kind} id {each!r} stands twice; ids are unique within a runbook, rename one"
                raise _wrong(what, key, phase.value, position, "id")
            seen.add(each)


@dataclass(frozen=True)  # a model would check the whole runbook again
class Match:
    """How well a runbook fits, and because of what. Nothing named: it is the general one, or fits by nothing."""

    runbook: Runbook
    words: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def signs(self) -> int:
        """How many signs speak for it. A phrase counts by its words, so "slow checkout" beats "checkout"."""
        words = {token for word in self.words for token in _tokens(word)}
        return len(words) + len(self.services) + len(self.labels)


def match(runbook: Runbook, title: str, services: Sequence[str] = (), labels: Sequence[str] = ()) -> Match:
    """What speaks for this runbook. Words count whole; nothing regards case."""
    named = runbook.matching
    affected, labelled = ({each.casefold() for each in group} for group in (services, labels))
    return Match(
        runbook=runbook,
        words=tuple(matched_words(runbook, title)),
        services=tuple(each for each in named.services if each.casefold() in affected),
        labels=tuple(each for each in named.labels if each.casefold() in labelled),
    )


def matched_words(runbook: Runbook, title: str) -> list[str]:
    """The runbook's words that stand in the title, whole and regardless of case."""
    words = _tokens(title)
    return [word for word in runbook.matching.words if _tokens(word) <= words]


def matches(
    runbooks: Sequence[Runbook], title: str, services: Sequence[str] = (), labels: Sequence[str] = ()
) -> list[Match]:
    """All of them, the best first: the most signs; then the general one; then by id."""
    found = [match(runbook, title, services, labels) for runbook in runbooks]
    return sorted(
        found, key=lambda each: (-each.signs, not each.runbook.matching.is_general, each.runbook.id)
    )


def best_match(
    runbooks: Sequence[Runbook], title: str, services: Sequence[str] = (), labels: Sequence[str] = ()
) -> Runbook | None:
    """The runbook that fits best; where nothing fits, the general one before any other."""
    ordered = matches(runbooks, title, services, labels)
    return ordered[0].runbook if ordered else None
