"""What an incident wants to be reminded of, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands import (
    ActionItemDraft,
    AddActionItem,
    AssignStep,
    ChangeSeverity,
    Command,
    CompleteActionItem,
    CompleteStep,
    PostUpdate,
    ReopenActionItem,
    SendReminder,
    SnoozeReminder,
    TakeRole,
)
from bot.domain.customs import Customs
from bot.domain.effects import Tell, Whisper
from bot.domain.events import Event, ReminderSent
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.promising import promised
from bot.domain.reminders import ITEM_DUE, ITEM_SOON, STEP_DUE, UPDATE_DUE, wanted
from bot.domain.rules import decide
from bot.domain.runbook import Runbook, Step
from bot.domain.vocabulary import FIREBREAK, Phase, Refused, Role, Severity
from tests.domain.samples import ANA, BO, CLEO, NOON, NUMBER, TO_REPAIR, after, declare, later, then

LEAD = TakeRole(by=BO, role=Role.COMMANDER)
BERLIN = Customs(zone="Europe/Berlin")


def at(incident: Incident, minutes: float, *commands: Command) -> Incident:
    """The incident after these commands, all of them so many minutes after noon."""
    for command in commands:
        for event in decide(incident, command, later(minutes)):
            incident = evolve(incident, event)
    return incident


def sent(incident: Incident, minutes: float) -> tuple[Incident, list[Event]]:
    """What is sent when the clock is looked at so many minutes after noon."""
    names = tuple(name for name, due in wanted(incident).items() if due <= later(minutes))
    events = decide(incident, SendReminder(by=FIREBREAK, names=names), later(minutes))
    for event in events:
        incident = evolve(incident, event)
    return incident, events


@pytest.mark.parametrize(("severity", "minutes"), [(Severity.P0, 30), (Severity.P1, 60)])
def test_those_who_wait_hear_from_us_as_often_as_the_severity_asks(severity: Severity, minutes: int) -> None:
    incident = then(Incident(number=NUMBER), declare(severity=severity))[0]
    assert wanted(incident)[UPDATE_DUE] == later(minutes)
    told = at(incident, 20, PostUpdate(by=ANA, text="half of it works"))
    assert wanted(told)[UPDATE_DUE] == later(20 + minutes)


def test_nobody_is_reminded_of_updates_about_a_p2_unless_one_was_promised() -> None:
    incident = at(after(), 0, ChangeSeverity(by=ANA, severity=Severity.P2))
    assert UPDATE_DUE not in wanted(incident)
    promised_ = at(incident, 1, PostUpdate(by=ANA, text="slow", next_at=later(45)))
    assert wanted(promised_)[UPDATE_DUE] == later(45)
    again, _ = sent(promised_, 45)
    assert UPDATE_DUE not in wanted(again)


def test_the_reminder_comes_again_until_there_is_an_update_and_ends_with_the_phase() -> None:
    incident, events = sent(after(LEAD), 61)
    assert [event.type for event in events] == ["reminder_sent"]
    assert wanted(incident)[UPDATE_DUE] == later(121)
    assert UPDATE_DUE not in wanted(at(incident, 70, *TO_REPAIR))


def test_a_reminder_that_is_put_off_comes_at_that_time_and_not_after_an_update() -> None:
    incident, _ = sent(after(LEAD), 60)
    later_ = at(incident, 61, SnoozeReminder(by=BO, name=UPDATE_DUE, minutes=15))
    assert wanted(later_)[UPDATE_DUE] == later(76)
    told = at(later_, 62, PostUpdate(by=BO, text="better"))
    assert wanted(told)[UPDATE_DUE] == later(122)


def test_nothing_is_put_off_that_is_over() -> None:
    with pytest.raises(Refused, match="nothing left to remind of"):
        decide(after(), SnoozeReminder(by=BO, name=f"{STEP_DUE}gone", minutes=15), NOON)
    with pytest.raises(Refused, match="a day at the most"):
        decide(after(), SnoozeReminder(by=BO, name=UPDATE_DUE, minutes=1441), NOON)


RUNBOOK = Runbook(
    id="due",
    title="Due",
    phases={
        Phase.STABILIZE: (
            Step(id="first", text="Look at the graph.", due_after=10),
            Step(id="second", text="Ask the bank.", due_after=12),
        ),
        Phase.REPAIR: (Step(id="fix", text="Release the fix."),),
        Phase.PREVENT: (Step(id="review", text="Hold the review."),),
    },
)


def with_due_steps() -> Incident:
    command = declare().__class__(by=ANA, title="x", severity=Severity.P2, runbook=RUNBOOK)
    return then(Incident(number=NUMBER), command)[0]


def test_a_step_that_is_due_reminds_its_assignee_else_the_lead() -> None:
    incident = at(with_due_steps(), 1, LEAD, AssignStep(by=ANA, step="second", person=CLEO))
    incident, (event,) = sent(incident, 12)
    assert isinstance(event, ReminderSent)
    assert [(each.subject, each.person) for each in event.everything] == [
        ("Look at the graph.", BO),
        ("Ask the bank.", CLEO),
    ]
    assert not wanted(incident)
    snoozed = at(incident, 13, SnoozeReminder(by=CLEO, name=f"{STEP_DUE}second", minutes=60))
    assert wanted(snoozed) == {f"{STEP_DUE}second": later(73)}
    assert not wanted(at(snoozed, 14, CompleteStep(by=CLEO, step="second")))


def test_a_step_that_is_done_reminds_nobody() -> None:
    incident = at(with_due_steps(), 5, CompleteStep(by=ANA, step="first"))
    assert wanted(incident) == {f"{STEP_DUE}second": later(12)}


def item(due: date, owner: str = CLEO, text: str = "alert on retries") -> AddActionItem:
    return AddActionItem(by=BO, item=ActionItemDraft(text=text, owner=owner, due=due))


def test_an_action_item_is_remembered_the_morning_before_and_on_its_day_by_the_clock_of_the_house() -> None:
    command = declare(severity=Severity.P2)
    berlin = command.__class__(**{**command.__dict__, "customs": BERLIN})
    incident = then(Incident(number=NUMBER), berlin, item(date(2027, 3, 28)))[0]  # the day the clocks change
    assert wanted(incident) == {
        f"{ITEM_SOON}1": datetime(2027, 3, 27, 8, 0, tzinfo=UTC),
        f"{ITEM_DUE}1": datetime(2027, 3, 28, 7, 0, tzinfo=UTC),
    }


def test_an_action_item_reminds_its_owner_in_private_and_after_the_close_too() -> None:
    incident = after(item(date(2026, 11, 23)), item(date(2026, 11, 23), BO, "write it up"))
    incident = incident.model_copy(update={"phase": Phase.CLOSED})
    incident, events = sent(incident, 60 * 24 * 30)
    assert [effect for event in events for effect in promised(incident, event)] == [
        Whisper(person=person, event=event) for person, event in zip((CLEO, BO), events, strict=True)
    ]
    assert not wanted(incident)  # the day before is left out, and does not come afterwards


def test_what_is_done_is_not_remembered_and_what_is_opened_again_is() -> None:
    incident = after(item(date(2026, 11, 23)), CompleteActionItem(by=CLEO, number=1))
    assert not any(name.startswith(ITEM_DUE) for name in wanted(incident))
    again = at(incident, 5, ReopenActionItem(by=CLEO, number=1))
    assert f"{ITEM_DUE}1" in wanted(again)
    assert again.action_items[0].done_by is None


def test_what_comes_late_is_told_in_the_channel_once() -> None:
    incident, events = sent(after(), 60 * 10)
    (event,) = events
    assert promised(incident.model_copy(update={"channel": "C1"}), event) == [Tell(event=event)]


@settings(max_examples=40, deadline=None)
@given(looks=st.lists(st.integers(min_value=-90, max_value=240), min_size=1, max_size=12))
def test_however_the_clock_jumps_no_reminder_comes_before_its_time_or_twice(looks: list[int]) -> None:
    incident, clock, once = with_due_steps(), 0, []
    for jump in looks:
        clock = max(0, clock + jump)
        incident, events = sent(incident, clock)
        for event in events:
            assert isinstance(event, ReminderSent)
            once += [each.name for each in event.everything]
            assert all(each.due is not None and each.due <= later(clock) for each in event.everything)
    assert len(once) == len(set(once))


def test_the_days_of_the_customs_are_those_of_the_settings() -> None:
    quiet = Customs(update_every={Severity.P0: 10})
    command = declare(severity=Severity.P0)
    incident = then(Incident(number=NUMBER), command.__class__(**{**command.__dict__, "customs": quiet}))[0]
    assert wanted(incident)[UPDATE_DUE] - NOON == timedelta(minutes=10)
