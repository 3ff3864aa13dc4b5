"""Of a private incident only those hear who belong to it; of a public one everybody may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.affected import Affected
from bot.domain.captured import PersonJoined, PersonLeft
from bot.domain.commands import (
    AddActionItem,
    AssignRole,
    AssignStep,
    Capture,
    Command,
    MergeIncident,
    ParentFacts,
    PostUpdate,
)
from bot.domain.effects import CallGroup, Draw, Invite, Spread, Tell, Whisper
from bot.domain.events import ReminderSent
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.privacy import may_see
from bot.domain.promising import promised
from bot.domain.recoveries import recovery_of
from bot.domain.reminders import ITEM_DUE
from bot.domain.rules import decide
from bot.domain.vocabulary import FIREBREAK, Refused, Role, Surface
from tests.domain.samples import ANA, BO, CHANNEL, CLEO, ITEM, NOON, NUMBER, declare, later, then

SECURITY = "U09SEC"
ON_CALL = Affected(
    services=("vault",), paths=("payment",), on_call=("@vault",), invited=("U08DUTY",), confidants=(SECURITY,)
)
PRIVATE = replace(declare("keys have leaked"), private=True, affected=ON_CALL)


def secret(*commands: Command) -> Incident:
    return then(Incident(number=NUMBER), PRIVATE, CHANNEL, *commands)[0]


def came(person: str) -> Capture:
    return Capture(by=person, seen=PersonJoined(at=later(5), by=person, inviter=ANA))


def went(person: str) -> Capture:
    return Capture(by=person, seen=PersonLeft(at=later(6), by=person))


def test_everybody_may_see_what_is_public() -> None:
    public = then(Incident(number=NUMBER), declare(), came(CLEO), went(CLEO))[0]
    assert may_see(public, "U99ANYBODY")
    assert public.insiders == (), "a public incident keeps no list"


def test_at_first_whoever_declared_and_those_configured_for_it() -> None:
    assert secret().insiders == (ANA, SECURITY)
    assert not may_see(secret(), BO)


@pytest.mark.parametrize(
    "command",
    [
        came(BO),
        AssignRole(by=ANA, role=Role.SCRIBE, person=BO),
        AssignStep(by=ANA, step="scope", person=BO),
        AddActionItem(by=ANA, item=replace(ITEM, owner=BO)),
    ],
)
def test_who_comes_or_is_given_something_to_do_belongs_to_it(command: Command) -> None:
    assert may_see(secret(command), BO)


@pytest.mark.parametrize("person", [ANA, BO])
def test_who_leaves_the_channel_is_out_until_somebody_brings_them_back(person: str) -> None:
    gone = secret(came(BO), went(person))
    assert not may_see(gone, person)
    assert may_see(then(gone, came(person))[0], person)


def test_nobody_is_called_because_they_are_on_call() -> None:
    incident, happened = then(Incident(number=NUMBER), PRIVATE, CHANNEL)
    effects = promised(incident, happened[-1])
    assert {effect.person for effect in effects if isinstance(effect, Invite)} == {ANA, SECURITY}
    assert not any(isinstance(effect, CallGroup) for effect in effects)


def test_it_is_announced_nowhere() -> None:
    incident = Incident(number=NUMBER)
    incident, happened = then(
        incident, PRIVATE, CHANNEL, PostUpdate(by=ANA, text="one key is known to be used")
    )
    wanted = [effect for event in happened for effect in promised(incident, event)]
    assert Draw(surface=Surface.ANNOUNCEMENT) not in wanted
    assert not any(isinstance(effect, Spread) for effect in wanted)
    assert any(isinstance(effect, Tell) for effect in wanted), "its own channel hears of it"


def test_an_owner_who_left_is_reminded_in_the_channel_and_not_alone() -> None:
    item = AddActionItem(by=ANA, item=replace(ITEM, owner=CLEO))
    due = ReminderSent(at=later(9), by=FIREBREAK, name=f"{ITEM_DUE}1", person=CLEO)

    def told(incident: Incident) -> list[type]:
        return [type(effect) for effect in promised(evolve(incident, due), due)]

    assert told(secret(item)) == [Whisper]
    assert told(secret(item, went(CLEO))) == [Tell]


def test_the_figures_know_neither_its_title_nor_its_services() -> None:
    known = recovery_of(secret())
    assert (known.title, known.services, known.private) == ("", (), True)
    assert known.declared == NOON


def merge(*, private: bool, exists: bool = True) -> MergeIncident:
    return MergeIncident(
        by=ANA, parent=ParentFacts(number=3, exists=exists, private=private), reason="the same"
    )


def test_what_is_private_is_merged_with_what_is_private_alone() -> None:
    with pytest.raises(Refused, match="private and the other is not"):
        decide(secret(), merge(private=False), later(5))
    with pytest.raises(Refused, match="private and the other is not"):
        decide(then(Incident(number=NUMBER), declare())[0], merge(private=True), later(5))
    assert decide(secret(), merge(private=True), later(5))
