"""One incident to start a test from, and one sample of every command and event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.domain.captured import (
    FileHashed,
    FileLeftOut,
    FileShared,
    Kept,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    PersonJoined,
    PersonLeft,
    PinRemoved,
    TopicSet,
    Unread,
)
from bot.domain.commands import (
    Absorb,
    ActionItemDraft,
    AddActionItem,
    AddNote,
    AddStep,
    AskPostmortem,
    AssignRole,
    AssignStep,
    CancelIncident,
    Capture,
    ChangeRunbook,
    ChangeSeverity,
    CloseIncident,
    Command,
    CompleteActionItem,
    CompleteStep,
    ContainFlag,
    CorrectEntry,
    CorrectMilestone,
    DeclareIncident,
    EndContainment,
    EnterNextPhase,
    EntryFacts,
    ExtendContainment,
    FlagFacts,
    HandOver,
    LinkCanvas,
    LinkChannel,
    LinkSurface,
    LoseContainment,
    MeasureFigure,
    MergeIncident,
    NoteOnStep,
    OverrideGate,
    ParentFacts,
    PointOut,
    PostUpdate,
    Release,
    ReopenActionItem,
    ReopenIncident,
    ReopenStep,
    RestoreFlag,
    SendReminder,
    SettleFlag,
    SkipStep,
    SnoozeReminder,
    StepBack,
    TakeRole,
    UnmergeIncident,
)
from bot.domain.containing import Policy
from bot.domain.events import Event
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.likeness import Earlier, Reason, Sign
from bot.domain.measures import Measure, Side
from bot.domain.questions import Answer, Proof
from bot.domain.reminders import NOBODY_LEADS, UPDATE_DUE
from bot.domain.rules import decide
from bot.domain.runbook import Matching, Runbook, Step
from bot.domain.vocabulary import FIREBREAK, Milestone, Phase, Role, Severity, Surface

ANA, BO, CLEO = "U01ANA", "U02BO", "U03CLEO"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NUMBER = 7

# Two required steps and an optional one to stabilize, one required step in each phase after it.
RUNBOOK = Runbook(
    id="payment-failures",
    title="Payments fail",
    matching=Matching(words=("payment",)),
    phases={
        Phase.STABILIZE: (
            Step(id="scope", text="Note which payments fail.", required=True),
            Step(id="hold-flag", text="Hold the new gateway.", required=True, flag="payments-new-gateway"),
            Step(id="tell-people", text="Put a notice on checkout."),
        ),
        Phase.REPAIR: (Step(id="fix", text="Release the fix.", why="Or it comes back.", required=True),),
        Phase.PREVENT: (Step(id="review", text="Hold the review.", required=True),),
    },
)


# Shares `scope` and `review` with the one above, has steps of its own, and lacks the others.
OTHER_RUNBOOK = Runbook(
    id="queue-stuck",
    title="A queue is stuck",
    phases={
        Phase.STABILIZE: (
            Step(id="poison", text="Set the poison aside.", required=True),
            Step(id="scope", text="Note the queue.", required=True),
        ),
        Phase.REPAIR: (Step(id="count-lost", text="Count what was lost.", required=True),),
        Phase.PREVENT: (Step(id="review", text="Hold the review of the queue.", required=True),),
    },
)


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def declare(title: str = "checkout returns 500", severity: Severity = Severity.P1) -> DeclareIncident:
    return DeclareIncident(by=ANA, title=title, severity=severity, runbook=RUNBOOK)


def facts(key: str = "payments-new-gateway", *, held_by: int | None = None, serves: str = "on") -> FlagFacts:
    return FlagFacts(key=key, safe="off", serves=serves, held_by=held_by)


def asking(key: str) -> FlagFacts:
    """A flag that takes a second person."""
    return FlagFacts(
        key=key, safe="off", serves="on", held_by=None, production=True, policy=Policy.SECOND_PERSON
    )


def contain(*, held_by: int | None = None, reason: str = "errors began with it") -> ContainFlag:
    return ContainFlag(by=BO, flag=facts(held_by=held_by), reason=reason)


AWAY = "unleash:checkout"


def contain_away(operation: str = "op-1") -> ContainFlag:
    return ContainFlag(by=BO, flag=facts(AWAY, serves="ON"), reason="errors began", operation=operation)


def settle(operation: str, *, done: bool = True, why: str = "") -> SettleFlag:
    return SettleFlag(by=FIREBREAK, flag=AWAY, operation=operation, done=done, why=why, serves="ON")


def done(*steps: str) -> list[Command]:
    return [CompleteStep(by=ANA, step=step) for step in steps]


def answer(question: Proof, text: str = "so it is", about: str = "") -> Answer:
    return Answer(question=question, text=text, about=about)


ANSWERS = {
    Phase.STABILIZE: (answer(Proof.PATHS, "20 test orders went through", "payment"),),
    Phase.REPAIR: (
        answer(Proof.ROOT_CAUSE, "the gateway retries without a key", "missing idempotency"),
        answer(Proof.FIX, "release 3.14 sends a key"),
        answer(Proof.REGRESSION_TEST, "test_a_retry_charges_once"),
    ),
    Phase.PREVENT: (
        answer(Proof.ALERT, "double charges > 0", BO),
        answer(Proof.RUNBOOK, "payment-failures, step 3"),
        answer(Proof.OBJECTIVE, "99.9 % of payments end within 10 s"),
        answer(Proof.KNOWLEDGE, "shown to support"),
        answer(Proof.NO_ACTION_ITEM, "all of it was done today"),
    ),
}
ITEM = ActionItemDraft(text="alert on retries without a key", owner=CLEO, due=date(2026, 12, 1))


def leave(phase: Phase) -> EnterNextPhase:
    return EnterNextPhase(by=BO, leaving=phase, answers=ANSWERS[phase])


CLOSE = CloseIncident(by=BO, answers=ANSWERS[Phase.PREVENT])


TO_REPAIR: list[Command] = [*done("scope", "hold-flag"), leave(Phase.STABILIZE)]
TO_PREVENT: list[Command] = [*TO_REPAIR, *done("fix"), leave(Phase.REPAIR)]
TO_THE_END: list[Command] = [*TO_PREVENT, *done("review"), CLOSE]
CHANNEL = LinkChannel(by=FIREBREAK, channel="C1", name="inc-7-checkout-returns-500")


def then(incident: Incident, *commands: Command) -> tuple[Incident, list[Event]]:
    """What becomes of `incident` when each command follows the other by a minute, and all that happened."""
    happened: list[Event] = []
    for minute, command in enumerate(commands):
        for event in decide(incident, command, later(minute)):
            incident = evolve(incident, event)
            happened.append(event)
    return incident, happened


def after(*commands: Command) -> Incident:
    """INC-7, declared at noon, after these commands."""
    return then(Incident(number=NUMBER), declare(), *commands)[0]


# What is seen in the channel, one of each kind and in an order in which all of it is new.
MESSAGE = {"ts": "1763726520.000100", "author": ANA}
SEEN = (
    MessageCaptured(
        **MESSAGE, at=NOON, by=BO, text="the gateway answers 502", kept=Kept.PIN, permalink="https://x"
    ),
    PinRemoved(**MESSAGE, at=later(1), by=BO, text="the gateway answers 502"),
    MessageEdited(**MESSAGE, at=later(2), by=ANA, before="the gateway answers 502", text="the old one does"),
    MessageDeleted(**MESSAGE, at=later(3), by=FIREBREAK, text="the old one does"),
    FileShared(
        at=later(4), by=ANA, ts="1763728980.000300", file="F1", name="a.png", mimetype="image/png", size=2100
    ),
    FileHashed(at=later(4), by=FIREBREAK, file="F1", name="a.png", size=2100, sha256="9f" * 32),
    FileLeftOut(at=later(4), by=FIREBREAK, file="F2", name="dump", reason=Unread.TOO_LARGE),
    PersonJoined(at=later(5), by=CLEO, inviter=BO),
    PersonLeft(at=later(6), by=CLEO),
    TopicSet(at=later(7), by=BO, topic="call in room 3"),
)

MEASURE = Measure(name="payment error share", side=Side.BEFORE, value=412, of=2300, source="grafana")

WRITTEN_AFTERWARDS = (MeasureFigure, AskPostmortem, LinkCanvas, PointOut)
EARLIER = Earlier(
    number=3,
    title="checkout is slow",
    because=(Reason(sign=Sign.SERVICE, what="payments-api"), Reason(sign=Sign.TITLE)),
    channel="C3",
    worked="the old gateway again",
    still_open=("alert on retries",),
)

# One of each, as asked of INC-7 when it has just been declared.
COMMANDS: dict[type[Command], Command] = {
    type(command): command
    for command in (
        declare(),
        CHANNEL,
        LinkSurface(by=FIREBREAK, surface=Surface.CARD, channel="C1", ts="1.1"),
        ChangeSeverity(by=BO, severity=Severity.P0),
        TakeRole(by=BO, role=Role.COMMANDER),
        AssignRole(by=ANA, role=Role.SCRIBE, person=CLEO),
        HandOver(by=BO, person=CLEO),
        CompleteStep(by=BO, step="scope"),
        SkipStep(by=BO, step="scope", reason="known"),
        ReopenStep(by=BO, step="scope"),
        AssignStep(by=BO, step="scope", person=CLEO),
        NoteOnStep(by=CLEO, step="scope", note="only cards of one bank"),
        AddStep(by=CLEO, text="Ask the bank."),
        EnterNextPhase(by=BO, leaving=Phase.STABILIZE),
        CloseIncident(by=BO),
        OverrideGate(by=BO, leaving=Phase.STABILIZE, reason="support waits"),
        AddActionItem(by=BO, item=ITEM),
        CompleteActionItem(by=CLEO, number=1),
        ReopenActionItem(by=CLEO, number=1),
        ChangeRunbook(by=BO, runbook=OTHER_RUNBOOK),
        ReopenIncident(by=BO, reason="it is back"),
        StepBack(by=BO, leaving=Phase.REPAIR, reason="search is slow again"),
        CancelIncident(by=BO, reason="a test order"),
        MergeIncident(by=BO, parent=ParentFacts(number=3, exists=True), reason="the same gateway"),
        UnmergeIncident(by=BO, reason="another gateway"),
        Absorb(by=BO, child=9, declared=NOON, impact_started=None, reason="the same gateway"),
        Release(by=BO, child=9, reason="another gateway"),
        CorrectMilestone(
            by=BO, milestone=Milestone.IMPACT_STARTED, time=NOON - timedelta(minutes=12), reason="the graph"
        ),
        PostUpdate(by=BO, text="one in five fails", doing="the gateway is off", next_at=later(30)),
        AddNote(by=BO, text="the gateway retries"),
        MeasureFigure(by=BO, measure=MEASURE),
        AskPostmortem(by=BO),
        LinkCanvas(by=FIREBREAK, canvas="F07"),
        PointOut(by=FIREBREAK, earlier=(EARLIER,)),
        contain(),
        RestoreFlag(by=BO, flag=facts(held_by=NUMBER)),
        ExtendContainment(by=BO, flag="payments-new-gateway", review=timedelta(hours=2)),
        LoseContainment(by=FIREBREAK, flag=facts()),
        settle("op-1"),
        EndContainment(by=BO, flag="payments-new-gateway", reason="the old gateway is gone"),
        SendReminder(by=FIREBREAK, names=(NOBODY_LEADS,)),
        SnoozeReminder(by=BO, name=UPDATE_DUE, minutes=15),
        Capture(by=BO, seen=SEEN[0]),
        CorrectEntry(by=BO, entry=EntryFacts(number=5, at=later(1)), time=NOON, reason="the graph says so"),
    )
}

OF_FLAGS = (ContainFlag, RestoreFlag, ExtendContainment, LoseContainment, EndContainment, SettleFlag)

# From the first to the last, with every kind of event in it.
STORY: list[Command] = [
    declare(),
    CHANNEL,
    COMMANDS[LinkSurface],
    COMMANDS[ChangeSeverity],
    COMMANDS[AddNote],
    COMMANDS[PostUpdate],
    *(Capture(by=seen.by, seen=seen) for seen in SEEN),
    *(COMMANDS[kind] for kind in WRITTEN_AFTERWARDS),
    COMMANDS[CorrectEntry],
    ContainFlag(by=BO, flag=asking("checkout-v2"), reason="one in five fails"),
    contain(),
    COMMANDS[ExtendContainment],
    COMMANDS[LoseContainment],
    COMMANDS[EndContainment],
    contain(),
    contain_away(),
    settle("op-1", done=False, why="the token may only read"),
    COMMANDS[SendReminder],
    COMMANDS[SnoozeReminder],
    COMMANDS[TakeRole],
    COMMANDS[AssignStep],
    COMMANDS[NoteOnStep],
    COMMANDS[AddStep],
    *done("scope"),
    ReopenStep(by=BO, step="scope"),
    SkipStep(by=BO, step="scope", reason="known"),
    *done("hold-flag"),
    leave(Phase.STABILIZE),
    COMMANDS[StepBack],
    leave(Phase.STABILIZE),
    RestoreFlag(by=BO, flag=facts(held_by=NUMBER)),
    COMMANDS[Absorb],
    COMMANDS[Release],
    COMMANDS[CancelIncident],
    COMMANDS[ReopenIncident],
    COMMANDS[MergeIncident],
    COMMANDS[UnmergeIncident],
    COMMANDS[CorrectMilestone],
    *done("fix"),
    OverrideGate(by=BO, leaving=Phase.REPAIR, reason="the test follows tomorrow"),
    COMMANDS[AddActionItem],
    COMMANDS[CompleteActionItem],
    COMMANDS[ReopenActionItem],
    COMMANDS[CompleteActionItem],
    *done("review"),
    CLOSE,
]
