"""However strange the incident, Slack takes what we draw of it."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.away import FlagNotSwitched, FlagSwitching, Switch
from bot.domain.containing import Policy
from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    DuplicateAbsorbed,
    DuplicateReleased,
    Event,
    FigureMeasured,
    FlagAsked,
    FlagContained,
    FlagRestored,
    GateAnswered,
    GateOverridden,
    IncidentCancelled,
    IncidentClosed,
    IncidentMerged,
    IncidentReopened,
    IncidentUnmerged,
    MilestoneCorrected,
    NoteAdded,
    PhaseEntered,
    PhaseReturned,
    RoleTaken,
    SeverityChanged,
    StepAdded,
    StepAssigned,
    StepDone,
    StepNoted,
    StepReopened,
    StepSkipped,
    UpdatePosted,
)
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.likeness import Earlier, LikenessFound, Reason, Sign
from bot.domain.measures import NAME_MAX, SOURCE_MAX, UNIT_MAX, Measure, Side
from bot.domain.questions import Answer, Proof
from bot.domain.runbook import Step
from bot.domain.vocabulary import (
    ANSWER_MAX,
    NOTE_MAX,
    REASON_MAX,
    TITLE_MAX,
    UPDATE_MAX,
    Milestone,
    Phase,
    Role,
    Severity,
)
from bot.slack.cards import TOPIC_MAX, announcement, incident_card, list_line, topic
from bot.slack.checklist import checklist
from bot.slack.moments import moment
from tests.slack.made import ANA, BO, FACE, after, check, incident, long_steps

STRANGE = ["&", "<", ">", "*", "`", "🔥", "שלום ", "\u202e", "\u200b", "<!channel>", "a", " ", "\n", "_", "~"]


def strange(most: int, least: int = 1) -> st.SearchStrategy[str]:
    """Text of at most so many characters: long runs of what grows by escaping, hides, or turns direction."""
    runs = st.tuples(st.sampled_from(STRANGE), st.integers(1, most)).map(lambda run: run[0] * run[1])
    return st.lists(st.one_of(runs, st.text(max_size=20)), min_size=1, max_size=4).map(
        lambda parts: ("".join(parts))[:most].ljust(least, "x")
    )


people = st.sampled_from([ANA, BO, "firebreak"])
step_ids = st.integers(0, 19).map(lambda number: f"stabilize-{number}")
severities = st.sampled_from(list(Severity))
flags = strange(120)


def made(kind: Callable[..., Event], **fields: st.SearchStrategy[object]) -> st.SearchStrategy[Event]:
    return st.builds(kind, at=st.integers(0, 60 * 24 * 400).map(after), by=people, **fields)


events = st.one_of(
    made(SeverityChanged, severity=severities, previous=severities),
    made(RoleTaken, role=st.sampled_from(list(Role)), person=people, previous=st.none() | people),
    made(StepDone, step=step_ids, text=strange(200)),
    made(StepSkipped, step=step_ids, text=strange(200), reason=strange(REASON_MAX)),
    made(StepReopened, step=step_ids, text=strange(200)),
    made(StepAssigned, step=step_ids, text=strange(200), person=people),
    made(StepNoted, step=step_ids, text=strange(200), note=strange(REASON_MAX)),
    made(
        StepAdded,
        phase=st.sampled_from(list(Phase)),
        step=st.builds(Step, id=step_ids, text=strange(200)),
    ),
    made(PhaseEntered, phase=st.sampled_from(list(Phase)), left=st.sampled_from(list(Phase))),
    made(
        GateAnswered,
        phase=st.sampled_from(list(Phase)),
        answers=st.lists(
            st.builds(Answer, question=st.sampled_from(Proof), text=strange(ANSWER_MAX), about=strange(75)),
            max_size=11,
        ).map(tuple),
    ),
    made(GateOverridden, phase=st.sampled_from(list(Phase)), reason=strange(REASON_MAX)),
    made(ActionItemAdded, number=st.integers(1, 9), text=strange(REASON_MAX), owner=people, due=st.dates()),
    made(ActionItemDone, number=st.integers(1, 9), text=strange(REASON_MAX)),
    made(IncidentClosed),
    made(IncidentReopened, reason=strange(REASON_MAX)),
    made(
        PhaseReturned,
        phase=st.sampled_from(list(Phase)),
        left=st.sampled_from(list(Phase)),
        reason=strange(REASON_MAX),
    ),
    made(IncidentCancelled, reason=strange(REASON_MAX)),
    made(IncidentMerged, into=st.integers(1, 10**9), reason=strange(REASON_MAX)),
    made(IncidentUnmerged, into=st.integers(1, 10**9), reason=strange(REASON_MAX)),
    made(DuplicateAbsorbed, child=st.integers(1, 10**9), declared=st.just(after(0))),
    made(DuplicateReleased, child=st.integers(1, 10**9)),
    made(
        MilestoneCorrected,
        milestone=st.sampled_from(Milestone),
        time=st.integers(0, 999).map(after),
        reason=strange(REASON_MAX),
    ),
    made(
        UpdatePosted,
        text=strange(UPDATE_MAX),
        doing=strange(UPDATE_MAX),
        next_at=st.none() | st.just(after(9)),
    ),
    made(NoteAdded, text=strange(NOTE_MAX)),
    made(
        LikenessFound,
        earlier=st.lists(
            st.builds(
                Earlier,
                number=st.integers(1, 10**9),
                title=strange(TITLE_MAX),
                because=st.lists(
                    st.builds(Reason, sign=st.sampled_from(Sign), what=strange(75)), max_size=12
                ).map(tuple),
                channel=st.none() | st.just("C01"),
                url=strange(100),
                worked=strange(ANSWER_MAX),
                still_open=st.lists(strange(REASON_MAX), max_size=3).map(tuple),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
    made(
        FigureMeasured,
        measure=st.builds(
            Measure,
            name=strange(NAME_MAX),
            side=st.sampled_from(Side),
            value=st.floats(-1e12, 1e12),
            unit=strange(UNIT_MAX),
            source=strange(SOURCE_MAX),
        ),
    ),
    made(
        FlagContained,
        flag=flags,
        reason=strange(REASON_MAX),
        safe=strange(50),
        before=strange(50),
        review_at=st.none() | st.just(after(240)),
        asked_by=people | st.just(""),
        alone=st.just("") | strange(REASON_MAX),
    ),
    made(FlagRestored, flag=flags, serves=strange(50), alone=strange(REASON_MAX), over=strange(50)),
    made(
        FlagAsked,
        flag=flags,
        reason=strange(REASON_MAX),
        safe=strange(50),
        before=strange(50),
        policy=st.sampled_from(Policy).map(str),
        owner=people,
        minutes=st.integers(5, 10_000),
    ),
    made(ContainmentExtended, flag=flags, review_at=st.just(after(300)), owner=people | st.just("")),
    made(FlagSwitching, flag=flags, operation=strange(50), act=st.sampled_from(Switch)),
    made(
        FlagNotSwitched,
        flag=flags,
        operation=strange(50),
        act=st.sampled_from(Switch),
        why=strange(300),
        url=strange(100),
    ),
    made(ContainmentLost, flag=flags, serves=strange(50), changed_by=strange(100)),
    made(ContainmentEnded, flag=flags, reason=strange(REASON_MAX), owner=people),
)


def check_everything(made: Incident) -> None:
    now = after(90)
    for drawing in (
        incident_card(made, FACE, now),
        checklist(made, FACE, now),
        announcement(made, FACE, now),
    ):
        check(drawing)
    assert 0 < len(topic(made, FACE)) <= TOPIC_MAX
    assert len(list_line(made, FACE, now)) < 1500


@settings(max_examples=60, deadline=None)
@given(
    title=strange(TITLE_MAX),
    count=st.integers(1, 60),
    required=st.booleans(),
    character=st.sampled_from([character for character in STRANGE if len(character) == 1]),
    happened=st.lists(events, max_size=12),
    channel=st.none() | st.just("C07"),
)
def test_slack_takes_whatever_an_incident_looks_like(
    title: str,
    count: int,
    required: bool,
    character: str,
    happened: list[Event],
    channel: str | None,
) -> None:
    steps = long_steps(count, required=required, character=character)
    now = incident(title=title, steps=steps, channel=channel)
    check_everything(now)
    for event in happened:
        now = evolve(now, event)
        check(moment(event, now, FACE))
    check_everything(now)


def test_a_step_may_be_nothing_that_can_be_seen() -> None:
    steps: dict[Phase, tuple[Step, ...]] = {
        phase: (Step(id=f"{phase.value}-x", text="\u202e", why="\u200b"),) for phase in list(Phase)[:3]
    }
    check_everything(incident(title="\u200b", steps=steps))
