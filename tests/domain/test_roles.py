"""Who answers for what, and from when to when."""

from __future__ import annotations

import pytest

from bot.domain import story
from bot.domain.commands import AssignRole, HandOver, TakeRole
from bot.domain.effects import Brief, Invite
from bot.domain.events import RoleTaken
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.promising import promised
from bot.domain.rules import decide
from bot.domain.vocabulary import Milestone, Refused, Role
from tests.domain.samples import ANA, BO, CHANNEL, CLEO, NOON, NUMBER, after, declare, later, then

LEADS = TakeRole(by=BO, role=Role.COMMANDER)
NAMES = {ANA: "Ana", BO: "Bo", CLEO: "Cleo"}


def told(*commands: TakeRole | AssignRole | HandOver) -> str:
    """The last line of the timeline."""
    _, events = then(Incident(number=NUMBER), declare(), *commands)
    return story.line(events[-1], English(), lambda person: NAMES[person])


def test_a_role_is_given_to_somebody_by_somebody_else() -> None:
    give = AssignRole(by=ANA, role=Role.SCRIBE, person=CLEO)
    assert decide(after(), give, NOON) == [RoleTaken(at=NOON, by=ANA, role=Role.SCRIBE, person=CLEO)]
    assert decide(after(give), give, NOON) == []
    assert told(give) == "Ana gave Cleo the role scribe."


def test_there_may_be_many_responders_and_one_scribe() -> None:
    taken = [TakeRole(by=person, role=role) for person in (ANA, BO) for role in (Role.RESPONDER, Role.SCRIBE)]
    incident = after(*taken, taken[0])
    assert incident.holders(Role.RESPONDER) == (ANA, BO)
    assert incident.holders(Role.SCRIBE) == (BO,)


def test_a_handover_says_who_from_when_to_when() -> None:
    assert told(LEADS, HandOver(by=BO, person=CLEO)) == (
        "Bo handed the role lead over to Cleo. Bo had held it since 12:01 UTC, for 1 min."
    )


def test_handing_over_means_the_lead_or_the_only_role_one_holds() -> None:
    scribe = TakeRole(by=BO, role=Role.SCRIBE)
    assert after(scribe, HandOver(by=BO, person=ANA)).roles == {Role.SCRIBE: ANA}
    assert after(scribe, LEADS, HandOver(by=BO, person=ANA)).roles == {Role.SCRIBE: BO, Role.COMMANDER: ANA}
    both = [scribe, TakeRole(by=BO, role=Role.COMMUNICATIONS)]
    with pytest.raises(
        Refused, match=r"You hold: scribe, communications\. Type `/incident handover scribe @name`"
    ):
        decide(after(*both), HandOver(by=BO, person=ANA), NOON)
    assert after(*both, HandOver(by=BO, person=ANA, role=Role.SCRIBE)).roles[Role.SCRIBE] == ANA


def test_nobody_hands_over_what_somebody_else_holds() -> None:
    with pytest.raises(Refused, match="You hold no role in INC-7"):
        decide(after(LEADS), HandOver(by=ANA, person=CLEO), NOON)


def test_a_handover_that_has_happened_changes_nothing() -> None:
    over = HandOver(by=BO, person=CLEO, role=Role.COMMANDER)
    assert decide(after(LEADS, over), over, NOON) == []


def test_the_lead_that_is_given_acknowledges_too() -> None:
    given = after(AssignRole(by=ANA, role=Role.COMMANDER, person=CLEO))
    assert given.milestones[Milestone.ACKNOWLEDGED] == later(1)


def test_whoever_takes_a_role_is_invited_and_briefed_even_before_the_channel_is_there() -> None:
    incident, (event,) = then(after(CHANNEL), LEADS)
    assert promised(incident, event)[0] == Invite(person=BO)
    assert Brief(person=BO, role=Role.COMMANDER) in promised(incident, event)
    early, (opened,) = then(after(LEADS, TakeRole(by=CLEO, role=Role.RESPONDER)), CHANNEL)
    effects = promised(early, opened)
    assert [effect.person for effect in effects if isinstance(effect, Invite)] == [ANA, BO, CLEO]
    assert [effect.person for effect in effects if isinstance(effect, Brief)] == [BO, CLEO]
