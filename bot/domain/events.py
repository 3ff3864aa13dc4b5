"""What happened. Past tense, frozen; a stored name is never changed, and a new field has a default."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.domain.away import FlagNotSwitched, FlagSwitching
from bot.domain.beginning import Adopted, Source
from bot.domain.captured import Captured
from bot.domain.customs import Customs
from bot.domain.elsewhere import ImportRestated, IncidentImported, UpdateImported
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.happened import EntryCorrected, Happened
from bot.domain.likeness import LikenessFound
from bot.domain.measures import Measure
from bot.domain.questions import ActionItem, Answer, Proof
from bot.domain.runbook import Frozen, Question, Runbook, Step
from bot.domain.vocabulary import Kind, Milestone, Phase, Role, Severity, Surface


class IncidentDeclared(Happened):
    """`on_call` and `invited` are the user groups and people of the affected services, as configured then."""

    type: Literal["incident_declared"] = "incident_declared"
    number: int
    title: str
    severity: Severity
    kind: Kind = Kind.REAL
    impact_started: datetime | None = None
    impact_ended: datetime | None = None
    services: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    on_call: tuple[str, ...] = ()
    invited: tuple[str, ...] = ()
    private: bool = False
    customs: Customs = Customs()
    source: Source | None = None
    adopts: Adopted | None = None


class RunbookChosen(Happened):
    """The steps are written out: a runbook edited later does not change an incident that runs.

    `previous` is the title of the runbook that it takes the place of; None for the first one.
    """

    type: Literal["runbook_chosen"] = "runbook_chosen"
    runbook: str
    title: str
    steps: dict[Phase, tuple[Step, ...]]
    roles: tuple[Role, ...] = ()
    questions: dict[Phase, tuple[Question, ...]] = Field(default_factory=dict)
    previous: str | None = None

    @classmethod
    def of(cls, runbook: Runbook, *, at: datetime, by: str, previous: str | None = None) -> RunbookChosen:
        """That this runbook was chosen, with everything of it that the incident goes by."""
        return cls(
            at=at,
            by=by,
            runbook=runbook.id,
            title=runbook.title,
            steps=runbook.phases,
            roles=runbook.roles,
            questions=runbook.questions,
            previous=previous,
        )


class ChannelOpened(Happened):
    """It was made, or `adopted`: people were in it before."""

    type: Literal["channel_opened"] = "channel_opened"
    channel: str
    name: str
    adopted: bool = False


class SurfacePosted(Happened):
    """A standing surface has its message. Bookkeeping: it is stored, and left out where people read."""

    type: Literal["surface_posted"] = "surface_posted"
    surface: Surface
    channel: str
    ts: str


class SeverityChanged(Happened):
    type: Literal["severity_changed"] = "severity_changed"
    severity: Severity
    previous: Severity


class RoleTaken(Happened):
    """`person` has the role now: claimed when `by` is the same, given or handed over when it is somebody else.

    `previous` held it before, and had held it `since` then.
    """

    type: Literal["role_taken"] = "role_taken"
    role: Role
    person: str
    previous: str | None = None
    since: datetime | None = None


class StepDone(Happened):
    type: Literal["step_done"] = "step_done"
    step: str
    text: str


class StepSkipped(Happened):
    type: Literal["step_skipped"] = "step_skipped"
    step: str
    text: str
    reason: str


class StepReopened(Happened):
    type: Literal["step_reopened"] = "step_reopened"
    step: str
    text: str


class StepAssigned(Happened):
    """`person` is asked to do the step; `previous` was asked before."""

    type: Literal["step_assigned"] = "step_assigned"
    step: str
    text: str
    person: str
    previous: str | None = None


class StepNoted(Happened):
    type: Literal["step_noted"] = "step_noted"
    step: str
    text: str
    note: str


class StepAdded(Happened):
    """A step that somebody added on the fly, at the end of a phase."""

    type: Literal["step_added"] = "step_added"
    phase: Phase
    step: Step


class PhaseEntered(Happened):
    type: Literal["phase_entered"] = "phase_entered"
    phase: Phase
    left: Phase


class GateAnswered(Happened):
    """The exit questions of a phase, as they were answered when it was left."""

    type: Literal["gate_answered"] = "gate_answered"
    phase: Phase
    answers: tuple[Answer, ...]


class GateOverridden(Happened):
    """Whoever led went on without proof: the required steps and the questions that were open."""

    type: Literal["gate_overridden"] = "gate_overridden"
    phase: Phase
    reason: str
    steps: tuple[str, ...] = ()
    questions: tuple[Proof, ...] = ()


class ActionItemAdded(Happened):
    type: Literal["action_item_added"] = "action_item_added"
    number: int
    text: str
    owner: str
    due: date

    @property
    def item(self) -> ActionItem:
        return ActionItem(
            number=self.number, text=self.text, owner=self.owner, due=self.due, added_at=self.at
        )


class ActionItemDone(Happened):
    type: Literal["action_item_done"] = "action_item_done"
    number: int
    text: str


class ActionItemReopened(Happened):
    """It was not done after all."""

    type: Literal["action_item_reopened"] = "action_item_reopened"
    number: int
    text: str


class IncidentClosed(Happened):
    type: Literal["incident_closed"] = "incident_closed"


class UpdatePosted(Happened):
    """What those who wait were told: what is so, what we do, and when we speak again."""

    type: Literal["update_posted"] = "update_posted"
    text: str
    doing: str = ""
    next_at: datetime | None = None


class IncidentReopened(Happened):
    """Back from closed to the first phase; from cancelled to where it was."""

    type: Literal["incident_reopened"] = "incident_reopened"
    reason: str


class PhaseReturned(Happened):
    """Back to the phase before, because it was not over."""

    type: Literal["phase_returned"] = "phase_returned"
    phase: Phase
    left: Phase
    reason: str


class IncidentCancelled(Happened):
    """Not an incident."""

    type: Literal["incident_cancelled"] = "incident_cancelled"
    reason: str


class IncidentMerged(Happened):
    """A duplicate of incident number `into`, which goes on."""

    type: Literal["incident_merged"] = "incident_merged"
    into: int
    reason: str


class IncidentUnmerged(Happened):
    type: Literal["incident_unmerged"] = "incident_unmerged"
    into: int
    reason: str


class DuplicateAbsorbed(Happened):
    """Incident number `child` is the same as this one; it had started then."""

    type: Literal["duplicate_absorbed"] = "duplicate_absorbed"
    child: int
    declared: datetime
    impact_started: datetime | None = None
    reason: str = ""


class DuplicateReleased(Happened):
    type: Literal["duplicate_released"] = "duplicate_released"
    child: int
    reason: str = ""


class MilestoneCorrected(Happened):
    """`previous` is what was thought until now, None when nobody had said; both times stay."""

    type: Literal["milestone_corrected"] = "milestone_corrected"
    milestone: Milestone
    time: datetime
    reason: str
    previous: datetime | None = None


class NoteAdded(Happened):
    type: Literal["note_added"] = "note_added"
    text: str


class PostmortemAsked(Happened):
    """Somebody wants the draft of the postmortem, as things stand now."""

    type: Literal["postmortem_asked"] = "postmortem_asked"


class CanvasLinked(Happened):
    """The channel's canvas has a draft. Bookkeeping: from then on it belongs to those who write in it."""

    type: Literal["canvas_linked"] = "canvas_linked"
    canvas: str


class FigureMeasured(Happened):
    """A figure from before or after; `previous` is what was said of that side until now."""

    type: Literal["figure_measured"] = "figure_measured"
    measure: Measure
    previous: Measure | None = None


class OfFlag(Happened):
    flag: str
    environment: str = FIRST_ENVIRONMENT


class FlagContained(OfFlag):
    """A flag is held at its safe value. `before` is what it served until then, for the exact undo.

    `review_at` is when somebody looks at it again. `asked_by` is who asked for it, where `by` is the second person;
    `alone` is why there was none although there had to be one. `asked_at`: when another back-end was asked for it.
    """

    type: Literal["flag_contained"] = "flag_contained"
    reason: str
    safe: str
    before: str
    review_at: datetime | None = None
    asked_by: str = ""
    alone: str = ""
    asked_at: datetime | None = None


class FlagRestored(OfFlag):
    """`over` says what somebody else had made of it meanwhile, where it was let go of all the same."""

    type: Literal["flag_restored"] = "flag_restored"
    serves: str
    alone: str = ""
    over: str = ""


class FlagAsked(OfFlag):
    """Somebody wants a flag held which takes a second person, or its owner."""

    type: Literal["flag_asked"] = "flag_asked"
    reason: str
    safe: str
    before: str
    policy: str
    owner: str = ""
    minutes: int


class ContainmentExtended(OfFlag):
    """It stays held, and is looked at again then. `owner` answers for it from now on."""

    type: Literal["containment_extended"] = "containment_extended"
    review_at: datetime
    owner: str = ""


class ContainmentLost(OfFlag):
    """It is not held any more, and nobody asked us. `serves` is what it serves now, `changed_by` who did it."""

    type: Literal["containment_lost"] = "containment_lost"
    serves: str
    changed_by: str = ""


class ContainmentEnded(OfFlag):
    """The incident answers for it no more: it stays as it is and belongs to `owner`."""

    type: Literal["containment_ended"] = "containment_ended"
    reason: str
    owner: str = ""


class Due(Frozen):
    """What was due, and since when. `name` is as bot/domain/reminders.py calls it, `subject` the words of it.

    `person` is who is asked; `missed` counts the reminders that nobody could send in between.
    """

    name: str
    due: datetime | None = None
    subject: str = ""
    person: str | None = None
    missed: int = 0


class ReminderSent(Happened):
    """Something was due and nobody had done it. `also` is what was due besides: it is told in the same message."""

    type: Literal["reminder_sent"] = "reminder_sent"
    name: str
    due: datetime | None = None
    subject: str = ""
    person: str | None = None
    missed: int = 0
    also: tuple[Due, ...] = ()

    @property
    def everything(self) -> tuple[Due, ...]:
        """All that was due."""
        first = Due(
            name=self.name, due=self.due, subject=self.subject, person=self.person, missed=self.missed
        )
        return (first, *self.also)


class ReminderSnoozed(Happened):
    """Somebody wants to be reminded later."""

    type: Literal["reminder_snoozed"] = "reminder_snoozed"
    name: str
    until: datetime


Event = Annotated[
    IncidentDeclared
    | RunbookChosen
    | ChannelOpened
    | SurfacePosted
    | SeverityChanged
    | RoleTaken
    | StepDone
    | StepSkipped
    | StepReopened
    | StepAssigned
    | StepNoted
    | StepAdded
    | PhaseEntered
    | GateAnswered
    | GateOverridden
    | ActionItemAdded
    | ActionItemDone
    | ActionItemReopened
    | IncidentClosed
    | UpdatePosted
    | IncidentReopened
    | PhaseReturned
    | IncidentCancelled
    | IncidentMerged
    | IncidentUnmerged
    | DuplicateAbsorbed
    | DuplicateReleased
    | MilestoneCorrected
    | NoteAdded
    | FigureMeasured
    | LikenessFound
    | PostmortemAsked
    | CanvasLinked
    | FlagContained
    | FlagRestored
    | FlagAsked
    | ContainmentExtended
    | ContainmentLost
    | ContainmentEnded
    | FlagSwitching
    | FlagNotSwitched
    | ReminderSent
    | ReminderSnoozed
    | IncidentImported
    | UpdateImported
    | ImportRestated
    | Captured
    | EntryCorrected,
    Field(discriminator="type"),
]

event_adapter: TypeAdapter[Event] = TypeAdapter(Event)
