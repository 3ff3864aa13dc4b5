"""What a person, an alert, a timer or Slack's answer asks for. `by` says who; nothing has happened yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.affected import NOTHING_NAMED, Affected
from bot.domain.beginning import Adopted, Source
from bot.domain.captured import Captured
from bot.domain.containing import Policy
from bot.domain.customs import USUAL, Customs
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.likeness import Earlier
from bot.domain.measures import Measure
from bot.domain.questions import Answer
from bot.domain.runbook import Runbook
from bot.domain.vocabulary import Kind, Milestone, Phase, Role, Severity, Surface


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`by` is the id of the person who asks, or `firebreak`."""

    by: str


@dataclass(frozen=True, kw_only=True)
class DeclareIncident(Asked):
    title: str
    severity: Severity
    runbook: Runbook
    kind: Kind = Kind.REAL
    impact_started: datetime | None = None
    impact_ended: datetime | None = None
    affected: Affected = NOTHING_NAMED
    private: bool = False
    customs: Customs = USUAL
    source: Source | None = None
    adopts: Adopted | None = None
    taken_by: int | None = None  # the incident that the adopted channel belongs to already


@dataclass(frozen=True, kw_only=True)
class LinkChannel(Asked):
    """Slack made the channel."""

    channel: str
    name: str


@dataclass(frozen=True, kw_only=True)
class LinkSurface(Asked):
    """Slack has the message that a standing surface is drawn on."""

    surface: Surface
    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class ChangeSeverity(Asked):
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class TakeRole(Asked):
    role: Role


@dataclass(frozen=True, kw_only=True)
class AssignRole(Asked):
    """Somebody gives `person` a role."""

    role: Role
    person: str


@dataclass(frozen=True, kw_only=True)
class HandOver(Asked):
    """Whoever holds a role gives it away; `role` None: the lead, or the only one they hold."""

    person: str
    role: Role | None = None


@dataclass(frozen=True, kw_only=True)
class CompleteStep(Asked):
    step: str


@dataclass(frozen=True, kw_only=True)
class SkipStep(Asked):
    step: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReopenStep(Asked):
    step: str


@dataclass(frozen=True, kw_only=True)
class AssignStep(Asked):
    """Somebody asks `person` to do a step."""

    step: str
    person: str


@dataclass(frozen=True, kw_only=True)
class NoteOnStep(Asked):
    step: str
    note: str


@dataclass(frozen=True, kw_only=True)
class AddStep(Asked):
    """A step that no runbook has, for the phase that the incident is in."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ActionItemDraft:
    """Work that outlives the incident, before it has a number."""

    text: str
    owner: str
    due: date


@dataclass(frozen=True, kw_only=True)
class EnterNextPhase(Asked):
    """`leaving` is the phase the person saw, so that two who press at once take one step and not two.

    From the last phase this closes the incident, as `CloseIncident` does.
    """

    leaving: Phase
    answers: tuple[Answer, ...] = ()
    action_item: ActionItemDraft | None = None


@dataclass(frozen=True, kw_only=True)
class CloseIncident(Asked):
    answers: tuple[Answer, ...] = ()
    action_item: ActionItemDraft | None = None


@dataclass(frozen=True, kw_only=True)
class OverrideGate(Asked):
    """Leave the phase although its gate is shut."""

    leaving: Phase
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddActionItem(Asked):
    item: ActionItemDraft


@dataclass(frozen=True, kw_only=True)
class CompleteActionItem(Asked):
    number: int


@dataclass(frozen=True, kw_only=True)
class ReopenActionItem(Asked):
    number: int


@dataclass(frozen=True, kw_only=True)
class ChangeRunbook(Asked):
    """Go on with another runbook; what was ticked stays ticked."""

    runbook: Runbook


@dataclass(frozen=True, kw_only=True)
class AddNote(Asked):
    """`time` is when it was, where that is not now."""

    text: str
    time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AskPostmortem(Asked):
    """Draft the postmortem."""


@dataclass(frozen=True, kw_only=True)
class LinkCanvas(Asked):
    """Slack made the canvas that a draft was written into."""

    canvas: str


@dataclass(frozen=True, kw_only=True)
class PointOut(Asked):
    """Earlier incidents look like this one."""

    earlier: tuple[Earlier, ...]


@dataclass(frozen=True, kw_only=True)
class MeasureFigure(Asked):
    """What a figure said before, or says after."""

    measure: Measure


@dataclass(frozen=True, kw_only=True)
class FlagFacts:
    """What the flag table says, read in the same transaction that decides.

    `held_by` is the number of the incident that contains it now, or None. `safe` is empty when none is declared.
    `production` is where two persons are wanted: `policy` says who may hold it there. `changed_by` is who changed
    it last.
    """

    key: str
    environment: str = FIRST_ENVIRONMENT
    safe: str
    serves: str
    held_by: int | None
    production: bool = False
    policy: Policy = Policy.RESPONDERS
    owner: str = ""
    changed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ContainFlag(Asked):
    """`alone`: why the lead does not wait for a second person. `console`: asked on the bot's machine.

    `operation` names what a back-end elsewhere is asked, and is empty for a flag of our own.
    """

    flag: FlagFacts
    reason: str
    review: timedelta | None = None
    alone: str = ""
    console: bool = False
    operation: str = ""


@dataclass(frozen=True, kw_only=True)
class RestoreFlag(Asked):
    """`alone` as in `ContainFlag`; `force`: also when somebody else has changed it since."""

    flag: FlagFacts
    alone: str = ""
    force: bool = False
    console: bool = False
    operation: str = ""


@dataclass(frozen=True, kw_only=True)
class SettleFlag(Asked):
    """What came of `operation`, which a back-end was asked for: done, or not done and why."""

    flag: str
    environment: str = FIRST_ENVIRONMENT
    operation: str
    done: bool
    serves: str = ""
    why: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class ExtendContainment(Asked):
    """Look at it again later; with an `owner` also after the incident is closed."""

    flag: str
    environment: str = FIRST_ENVIRONMENT
    review: timedelta
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class LoseContainment(Asked):
    """The flag was looked at, and is not held."""

    flag: FlagFacts


@dataclass(frozen=True, kw_only=True)
class EndContainment(Asked):
    """It stays as it is for good, and belongs to `owner`."""

    flag: str
    environment: str = FIRST_ENVIRONMENT
    reason: str
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class SendReminder(Asked):
    """Timers have run out. Whether each reminder is still wanted is decided on the state of now."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SnoozeReminder(Asked):
    """Not now: remind again in so many minutes."""

    name: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class PostUpdate(Asked):
    """For those who wait: what is so, what we do about it, and when we speak again."""

    text: str
    doing: str = ""
    next_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReopenIncident(Asked):
    """It is back, or it was an incident after all."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class StepBack(Asked):
    """Return to the phase before `leaving`: it was not over."""

    leaving: Phase
    reason: str


@dataclass(frozen=True, kw_only=True)
class CancelIncident(Asked):
    """It is no incident."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ParentFacts:
    """The incident to merge into, read in the same transaction that decides.

    For somebody who may not see it there is none: `exists` is False.
    """

    number: int
    exists: bool
    merged_into: int | None = None
    private: bool = False
    cancelled: bool = False
    kind: Kind = Kind.REAL


@dataclass(frozen=True, kw_only=True)
class MergeIncident(Asked):
    """It is the same as `parent`."""

    parent: ParentFacts
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnmergeIncident(Asked):
    """It is one of its own after all."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Absorb(Asked):
    """The other half of `MergeIncident`, for the parent: its figures begin with the earliest start."""

    child: int
    declared: datetime
    impact_started: datetime | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Release(Asked):
    """The other half of `UnmergeIncident`."""

    child: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class CorrectMilestone(Asked):
    """When it really was; also how impact_started, detected and impact_ended are stated at all."""

    milestone: Milestone
    time: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class EntryFacts:
    """An entry of the timeline, read in the same transaction that decides. `at` None: people read no such entry.

    `milestone` is the one that was reached with it.
    """

    number: int
    at: datetime | None = None
    milestone: Milestone | None = None


@dataclass(frozen=True, kw_only=True)
class CorrectEntry(Asked):
    """When an entry of the timeline really was."""

    entry: EntryFacts
    time: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Capture(Asked):
    """This was seen in the incident's channel."""

    seen: Captured


Command = (
    DeclareIncident
    | LinkChannel
    | LinkSurface
    | ChangeSeverity
    | TakeRole
    | AssignRole
    | HandOver
    | CompleteStep
    | SkipStep
    | ReopenStep
    | AssignStep
    | NoteOnStep
    | AddStep
    | EnterNextPhase
    | CloseIncident
    | OverrideGate
    | AddActionItem
    | CompleteActionItem
    | ReopenActionItem
    | ChangeRunbook
    | AddNote
    | MeasureFigure
    | PointOut
    | AskPostmortem
    | LinkCanvas
    | ContainFlag
    | RestoreFlag
    | ExtendContainment
    | LoseContainment
    | SettleFlag
    | EndContainment
    | SendReminder
    | SnoozeReminder
    | PostUpdate
    | ReopenIncident
    | StepBack
    | CancelIncident
    | MergeIncident
    | UnmergeIncident
    | Absorb
    | Release
    | CorrectMilestone
    | Capture
    | CorrectEntry
)
