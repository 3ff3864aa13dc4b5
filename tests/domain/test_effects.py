"""What must happen outside because of an event, and in which order."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.captured import Kept
from bot.domain.commands import Command, LinkSurface, TakeRole
from bot.domain.effects import (
    Bookmark,
    Brief,
    CallGroup,
    DraftPostmortem,
    Draw,
    Effect,
    FetchFile,
    FetchMessage,
    FindLikeness,
    Invite,
    OpenChannel,
    Pin,
    PostSummary,
    SendExport,
    SendPicture,
    Spread,
    Tell,
    Whisper,
    coalesce_key,
    effect_adapter,
    lane,
)
from bot.domain.events import Event, NoteAdded
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.one_incident import ExportForm
from bot.domain.promising import promised
from bot.domain.rules import decide
from bot.domain.vocabulary import Refused, Role, Surface
from tests.domain.samples import (
    ANA,
    BO,
    CHANNEL,
    CLEO,
    COMMANDS,
    NOON,
    NUMBER,
    SEEN,
    STORY,
    TO_THE_END,
    after,
    declare,
    later,
    then,
)

CARD, CHECKLIST, ANNOUNCEMENT, TOPIC = Surface.CARD, Surface.CHECKLIST, Surface.ANNOUNCEMENT, Surface.TOPIC
NOTE = NoteAdded(at=NOON, by=ANA, text="x")
ONE_OF_EACH: dict[type[Effect], Effect] = {
    type(effect): effect
    for effect in (
        OpenChannel(),
        Invite(person=ANA),
        CallGroup(group="@payments-oncall"),
        Draw(surface=CARD),
        Pin(surface=CARD),
        Bookmark(surface=CARD),
        Tell(event=NOTE),
        Brief(person=BO, role=Role.COMMANDER),
        Spread(event=NOTE),
        Whisper(person=BO, event=NOTE),
        PostSummary(day=date(2026, 11, 21), previous=date(2026, 11, 20), channel="incidents"),
        SendPicture(person=ANA, window="28d", severities=("P0",), service="cart"),
        FetchMessage(ts="1.1", person=BO, kept=Kept.EMOJI),
        FetchFile(file="F1", name="latency.png"),
        SendExport(person=ANA, form=ExportForm.CSV),
        DraftPostmortem(),
        FindLikeness(),
    )
}


def promises(*commands: Command) -> dict[str, list[Effect]]:
    """The effects of every event of the story, by the event's type; the last one of each type counts."""
    incident = Incident(number=NUMBER)
    found: dict[str, list[Effect]] = {}
    for minute, command in enumerate(commands):
        for event in decide(incident, command, later(minute)):
            incident = evolve(incident, event)
            found[event.type] = promised(incident, event)
    return found


def draws(effects: list[Effect]) -> set[Surface]:
    return {effect.surface for effect in effects if isinstance(effect, Draw)}


def tells(effects: list[Effect]) -> list[str]:
    return [effect.event.type for effect in effects if isinstance(effect, Tell)]


def test_there_is_a_sample_of_every_effect() -> None:
    union, *_ = get_args(Effect)
    assert set(ONE_OF_EACH) == set(get_args(union))


@pytest.mark.parametrize("effect", ONE_OF_EACH.values(), ids=lambda effect: effect.type)
def test_an_effect_comes_back_from_the_database_as_it_went_in(effect: Effect) -> None:
    assert effect_adapter.validate_json(effect_adapter.dump_json(effect)) == effect


def test_a_declaration_opens_the_channel_and_announces_at_once() -> None:
    assert promises(declare())["incident_declared"] == [OpenChannel(), Draw(surface=ANNOUNCEMENT)]


def test_before_the_channel_exists_nothing_waits_for_it() -> None:
    """Whatever happens first: `ChannelOpened` promises all of it later."""
    early = promises(*(command for command in STORY if command is not CHANNEL))
    assert len(early) == len(promises(*STORY)) - 1
    for effects in early.values():
        assert [
            effect for effect in effects if isinstance(effect, (Invite, Pin, Bookmark, Tell, Brief))
        ] == []
        assert draws(effects) <= {ANNOUNCEMENT}


def test_the_channel_brings_the_declarer_and_every_surface() -> None:
    effects = promises(declare(), CHANNEL)["channel_opened"]
    assert effects[0] == Invite(person=ANA)
    assert draws(effects) == set(Surface) - {CHECKLIST}


def test_the_checklist_waits_for_the_card_and_stands_below_it() -> None:
    posted = LinkSurface(by="firebreak", surface=CARD, channel="C1", ts="1.1")
    assert draws(promises(declare(), CHANNEL, posted)["surface_posted"]) == {CHECKLIST}


def test_whoever_took_a_role_before_the_channel_existed_is_invited_with_it_and_once() -> None:
    take = [TakeRole(by=BO, role=Role.COMMANDER), TakeRole(by=ANA, role=Role.SCRIBE)]
    effects = promises(declare(), *take, TakeRole(by=BO, role=Role.COMMUNICATIONS), CHANNEL)["channel_opened"]
    invited = [effect.person for effect in effects if isinstance(effect, Invite)]
    assert invited == [ANA, BO]


@pytest.mark.parametrize(
    ("event", "drawn", "told"),
    [
        ("runbook_chosen", set(), False),  # before the channel, which draws the checklist by itself
        ("severity_changed", {CARD, ANNOUNCEMENT, TOPIC}, True),
        ("role_taken", {CARD, ANNOUNCEMENT}, True),
        ("step_done", {CHECKLIST, CARD}, False),
        ("step_skipped", {CHECKLIST, CARD}, False),
        ("step_reopened", {CHECKLIST, CARD}, False),
        ("step_assigned", {CHECKLIST}, True),
        ("step_noted", {CHECKLIST, CARD}, False),
        ("step_added", {CHECKLIST, CARD}, False),
        ("phase_entered", set(Surface), True),
        ("gate_answered", set(), True),
        ("gate_overridden", set(Surface), True),
        ("action_item_added", {CARD}, True),
        ("action_item_done", {CARD}, True),
        ("incident_closed", set(Surface), True),
        ("incident_reopened", set(Surface), True),
        ("phase_returned", set(Surface), True),
        ("incident_cancelled", set(Surface), True),
        ("incident_merged", set(Surface), True),
        ("incident_unmerged", set(Surface), True),
        ("duplicate_absorbed", {CARD, ANNOUNCEMENT}, True),
        ("duplicate_released", {CARD, ANNOUNCEMENT}, True),
        ("milestone_corrected", {CARD, ANNOUNCEMENT}, True),
        ("update_posted", {CARD}, True),
        ("note_added", set(), True),
        ("flag_contained", {CARD, ANNOUNCEMENT}, True),
        ("flag_restored", {CARD, ANNOUNCEMENT}, True),
        ("reminder_sent", set(), True),
    ],
)
def test_an_event_draws_what_shows_it_and_tells_what_people_must_hear(
    event: str, drawn: set[Surface], told: bool
) -> None:
    effects = promises(*STORY)[event]
    assert draws(effects) == drawn
    assert tells(effects) == ([event] if told else [])


def test_whoever_takes_a_role_is_invited_before_it_is_told() -> None:
    effects = promises(*STORY)["role_taken"]
    assert effects[0] == Invite(person=BO)


@pytest.mark.parametrize(
    ("surface", "pinned"), [(CARD, True), (CHECKLIST, True), (ANNOUNCEMENT, False), (TOPIC, False)]
)
def test_card_and_checklist_are_pinned_and_bookmarked_once_they_are_posted(
    surface: Surface, pinned: bool
) -> None:
    posted = LinkSurface(by="firebreak", surface=surface, channel="C1", ts="1.1")
    effects = promises(declare(), CHANNEL, posted)["surface_posted"]
    assert [effect for effect in effects if isinstance(effect, (Pin, Bookmark))] == (
        [Pin(surface=surface), Bookmark(surface=surface)] if pinned else []
    )


@settings(max_examples=100, deadline=None)
@given(asked=st.permutations([*COMMANDS.values(), *TO_THE_END, TakeRole(by=CLEO, role=Role.COMMANDER)]))
def test_nothing_that_needs_the_channel_is_promised_before_there_is_one(asked: list[Command]) -> None:
    incident = after()
    for command in asked:
        try:
            events = decide(incident, command, NOON)
        except Refused:
            continue
        for event in events:
            incident = evolve(incident, event)
            for effect in promised(incident, event):
                if incident.channel is None:
                    assert isinstance(effect, (OpenChannel, Spread)) or effect == Draw(surface=ANNOUNCEMENT)


# Order


def test_what_shows_or_reads_one_thing_waits_once_and_everything_else_counts() -> None:
    keys = {kind.__name__: coalesce_key(effect) for kind, effect in ONE_OF_EACH.items()}
    assert keys == {
        "OpenChannel": None,
        "Invite": None,
        "CallGroup": None,
        "Draw": "draw:card",
        "Pin": "pin:card",
        "Bookmark": "bookmark:card",
        "Tell": None,
        "Brief": None,
        "Spread": None,
        "Whisper": None,
        "PostSummary": None,
        "SendPicture": "picture:U01ANA 28d P0 cart",
        "FetchMessage": "message:1.1:emoji",
        "FetchFile": "file:F1",
        "SendExport": "export:U01ANA csv",
        "DraftPostmortem": "postmortem",
        "FindLikeness": "likeness",
    }
    assert coalesce_key(Draw(surface=TOPIC)) != coalesce_key(Draw(surface=CARD))


def test_what_people_are_told_keeps_its_order_and_no_surface_holds_it_back() -> None:
    assert lane(OpenChannel()) == lane(Tell(event=NOTE))
    assert lane(Draw(surface=CARD)) == lane(Pin(surface=CARD))  # the pin needs the message
    others: list[Effect] = [Tell(event=NOTE), Invite(person=ANA), Invite(person=BO)]
    lanes = [lane(effect) for effect in (*others, *(Draw(surface=surface) for surface in Surface))]
    assert len(set(lanes)) == len(lanes)


def test_the_story_promises_something_for_every_event_people_must_see() -> None:
    _, events = then(Incident(number=NUMBER), *STORY)
    silent = {event.type for event in events if not promises(*STORY)[event.type]}
    read = {seen.type for seen in SEEN} - {"file_shared"}  # people read it in the channel itself
    assert silent == {"runbook_chosen", "reminder_snoozed", "canvas_linked"} | read


def test_a_told_event_is_the_event_itself() -> None:
    found: list[Event] = [
        effect.event
        for effects in promises(*STORY).values()
        for effect in effects
        if isinstance(effect, Tell)
    ]
    assert "the gateway retries" in [event.text for event in found if isinstance(event, NoteAdded)]
