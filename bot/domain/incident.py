"""One incident as its events have made it; `evolving.py` says how."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.domain.away import FlagSwitching
from bot.domain.beginning import Adopted
from bot.domain.containing import REMIND_AGAIN
from bot.domain.customs import Customs
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.measures import Measure
from bot.domain.questions import ActionItem, Answer
from bot.domain.runbook import Frozen, Question, Step
from bot.domain.vocabulary import (
    Kind,
    Milestone,
    Phase,
    Role,
    Severity,
    StepState,
    Surface,
    incident_name,
)

ADDED = "added-"  # how the ids of steps begin that people add on the fly
BEGUN_BY = {
    Phase.STABILIZE: Milestone.DECLARED,
    Phase.REPAIR: Milestone.STABILIZED,
    Phase.PREVENT: Milestone.REPAIRED,
}


class Remark(Frozen):
    """What somebody noted on a step."""

    by: str
    at: datetime
    text: str


class Item(Frozen):
    """A step and what became of it. `by` and `at` say who closed it and when; `reason` why it was skipped.

    `assignee` is asked to do it.
    """

    step: Step
    phase: Phase
    state: StepState = StepState.OPEN
    by: str | None = None
    at: datetime | None = None
    reason: str = ""
    assignee: str | None = None
    notes: tuple[Remark, ...] = ()

    @property
    def is_added(self) -> bool:
        """Whether people added it to the checklist: no runbook takes it away."""
        return self.step.id.startswith(ADDED)


class Place(Frozen):
    """A message in Slack: the channel's id and the message's timestamp."""

    channel: str
    ts: str


class Containment(Frozen):
    """A flag held at its safe value because of this incident."""

    flag: str
    environment: str = FIRST_ENVIRONMENT
    safe: str
    before: str
    by: str
    at: datetime
    reason: str
    review_at: datetime | None = None
    reminded: int = 0  # how often somebody was asked to look at it since `review_at`, and when last
    reminded_at: datetime | None = None
    owner: str = ""  # who answers for it when the incident is closed
    lost: str = ""  # what it serves instead, when somebody let go of it behind our back

    @property
    def next_review(self) -> datetime | None:
        """When somebody is asked to look at it again, and again each day; after downtime once, not for each day."""
        return self.review_at if self.reminded_at is None else self.reminded_at + REMIND_AGAIN

    @property
    def place(self) -> tuple[str, str]:
        return self.flag, self.environment


class FlagRequest(Frozen):
    """Somebody asked for a second person to hold a flag."""

    flag: str
    environment: str
    by: str
    at: datetime
    reason: str
    minutes: int


class Update(Frozen):
    """What those who wait were told last."""

    by: str
    at: datetime
    text: str
    doing: str = ""
    next_at: datetime | None = None


class Standing(Frozen):
    """Where an incident stood when it was cancelled or merged, so that this can be taken back."""

    phase: Phase
    milestones: dict[Milestone, datetime]


class Duplicate(Frozen):
    """When an incident that was merged into this one had started."""

    declared: datetime
    impact_started: datetime | None = None


class Origin(Frozen):
    """Where an incident was imported from: it is history, and nobody leads it here."""

    source: str
    id: str
    url: str = ""
    cause: str = ""
    duplicate_of: str | None = None


class Incident(Frozen):
    """The state that every screen is drawn from. `version` counts the events; 0 means: not declared yet."""

    number: int
    version: int = 0
    title: str = ""
    severity: Severity = Severity.P4
    peak: Severity = Severity.P4
    phase: Phase = Phase.STABILIZE
    declared_by: str = ""
    milestones: dict[Milestone, datetime] = Field(default_factory=dict)
    roles: dict[Role, str] = Field(default_factory=dict)
    held_since: dict[Role, datetime] = Field(default_factory=dict)
    responders: tuple[str, ...] = ()
    runbook: str = ""
    runbook_title: str = ""
    wanted_roles: tuple[Role, ...] = ()
    questions: dict[Phase, tuple[Question, ...]] = Field(default_factory=dict)
    items: tuple[Item, ...] = ()
    channel: str | None = None
    channel_name: str | None = None
    surfaces: dict[Surface, Place] = Field(default_factory=dict)
    containments: tuple[Containment, ...] = ()
    flag_requests: tuple[FlagRequest, ...] = ()
    switching: tuple[FlagSwitching, ...] = ()  # what other back-ends are being asked
    reminded: tuple[str, ...] = ()
    reminded_at: dict[str, datetime] = Field(default_factory=dict)  # what comes again and again
    snoozed: dict[str, datetime] = Field(default_factory=dict)
    customs: Customs = Customs()
    answers: dict[Phase, tuple[Answer, ...]] = Field(default_factory=dict)
    unverified: dict[Phase, str] = Field(default_factory=dict)  # phases left without proof, and why
    action_items: tuple[ActionItem, ...] = ()
    update: Update | None = None
    measures: tuple[Measure, ...] = ()
    alike: tuple[int, ...] = ()  # earlier incidents that it was said to look like
    canvas: str = ""  # that the first draft of the postmortem was written into
    kind: Kind = Kind.REAL
    cancelled: str | None = None  # why it is no incident
    merged_into: int | None = None
    before: Standing | None = None
    absorbed: dict[int, Duplicate] = Field(default_factory=dict)
    reopened: int = 0
    origin: Origin | None = None
    services: tuple[str, ...] = ()  # what is affected, as it was declared
    paths: tuple[str, ...] = ()
    on_call: tuple[str, ...] = ()  # user groups that are called because of it
    invited: tuple[str, ...] = ()  # people that are
    private: bool = False
    adopts: Adopted | None = (
        None  # the channel that is to become its own, and is `channel` from the first moment on
    )
    insiders: tuple[str, ...] = ()  # who may see it, where it is private: bot/domain/privacy.py
    captured: tuple[str, ...] = ()  # messages of the channel that the timeline has, by their ts
    pinned: tuple[str, ...] = ()  # those of them that stand there because somebody pinned them
    unpinned: tuple[str, ...] = ()  # and that are not pinned any more
    files: tuple[str, ...] = ()  # `ts id` of each file that was shared
    is_bot_away: bool = False  # it is not in its own channel: somebody has removed it
    files_read: tuple[str, ...] = ()  # ids of those whose bytes were looked at

    @property
    def name(self) -> str:
        return incident_name(self.number)

    @property
    def is_closed(self) -> bool:
        return self.phase is Phase.CLOSED

    @property
    def declared_at(self) -> datetime:
        return self.milestones[Milestone.DECLARED]

    @property
    def commander(self) -> str | None:
        return self.roles.get(Role.COMMANDER)

    def holders(self, role: Role) -> tuple[str, ...]:
        """Who answers for it: nobody or one, and any number of responders."""
        if role is Role.RESPONDER:
            return self.responders
        return (self.roles[role],) if role in self.roles else ()

    def items_of(self, phase: Phase) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.phase is phase)

    def item(self, step: str) -> Item | None:
        return next((item for item in self.items if item.step.id == step), None)

    def blocking(self) -> tuple[Item, ...]:
        """The required steps of this phase that are still open: what the exit gate waits for."""
        return tuple(
            item for item in self.items_of(self.phase) if item.step.required and item.state is StepState.OPEN
        )

    def due(self, item: Item) -> datetime | None:
        """When this step is due: so long after its phase began. None without a due time, or before its phase."""
        began = self.milestones.get(BEGUN_BY[item.phase]) if item.phase in BEGUN_BY else None
        if item.step.due_after is None or began is None:
            return None
        return began + timedelta(minutes=item.step.due_after)

    def answers_here(self, person: str) -> bool:
        """Whether this person takes part: declared it, or has a role."""
        return person in (self.declared_by, *self.roles.values(), *self.responders)

    def being_switched(self, flag: str, environment: str) -> FlagSwitching | None:
        """What a back-end is being asked about this flag."""
        return next(
            (each for each in self.switching if (each.flag, each.environment) == (flag, environment)), None
        )

    def flag_request(self, flag: str, environment: str) -> FlagRequest | None:
        """Who wants this flag held and waits for somebody else to press."""
        return next(
            (each for each in self.flag_requests if (each.flag, each.environment) == (flag, environment)),
            None,
        )

    def containment(self, flag: str, environment: str | None = None) -> Containment | None:
        """How it holds the flag, in this environment or in any."""
        return next(
            (
                held
                for held in self.containments
                if held.flag == flag and environment in (None, held.environment)
            ),
            None,
        )
