"""What is affected decides who is called, which runbook fits and what the gate asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.affected import Affected, CriticalPath, Landscape, Service
from bot.domain.commands import EnterNextPhase
from bot.domain.effects import CallGroup, Invite
from bot.domain.events import ChannelOpened, IncidentDeclared, PhaseEntered
from bot.domain.incident import Incident
from bot.domain.promising import promised
from bot.domain.questions import Proof
from bot.domain.rules import decide
from bot.domain.rules.declaring import Misdated
from bot.domain.rules.gates import Unanswered
from bot.domain.vocabulary import FIREBREAK, Phase
from tests.domain.samples import ANA, BO, CHANNEL, CLEO, NOON, NUMBER, answer, declare, done, then

PAYMENTS = Service(name="payments-api", on_call="@payments-oncall", responders=(BO, CLEO), paths=("payment",))
SEARCH = Service(name="search-api", on_call="S02PLATFORM", responders=(CLEO,), paths=("search", "cart"))
LANDSCAPE = Landscape(
    services=(PAYMENTS, SEARCH),
    paths=tuple(CriticalPath(name=name) for name in ("search", "cart", "payment")),
)
PAYMENT = LANDSCAPE.affected(["payments-api"], [])


def test_a_service_brings_its_paths_and_those_who_are_called() -> None:
    assert LANDSCAPE.affected(["search-api", "payments-api"], ["payment"]) == Affected(
        services=("payments-api", "search-api"),
        paths=("search", "cart", "payment"),
        on_call=("@payments-oncall", "S02PLATFORM"),
        invited=(BO, CLEO),
    )


def test_what_the_configuration_no_longer_knows_is_left_out() -> None:
    assert LANDSCAPE.affected(["gone"], ["gone", "cart"]) == Affected(paths=("cart",))


def test_those_who_are_called_are_invited_after_whoever_declared() -> None:
    incident = then(Incident(number=NUMBER), replace(declare(), affected=PAYMENT), CHANNEL)[0]
    opened = ChannelOpened(at=NOON, by=FIREBREAK, channel="C1", name="inc-7")
    called = [each for each in promised(incident, opened) if isinstance(each, (Invite, CallGroup))]
    assert called == [
        *(Invite(person=person) for person in (ANA, BO, CLEO)),
        CallGroup(group="@payments-oncall"),
    ]


def test_stabilize_ends_with_a_line_for_each_affected_path() -> None:
    both = PAYMENT.model_copy(update={"paths": ("cart", "payment")})
    incident = then(Incident(number=NUMBER), replace(declare(), affected=both), *done("scope", "hold-flag"))[
        0
    ]
    one = answer(Proof.PATHS, "twenty orders went through", "payment")
    with pytest.raises(Unanswered, match="How do you know that cart works again"):
        decide(incident, EnterNextPhase(by=BO, leaving=Phase.STABILIZE, answers=(one,)), NOON)
    answers = (one, answer(Proof.PATHS, "was not affected", "cart"))
    events = decide(incident, EnterNextPhase(by=BO, leaving=Phase.STABILIZE, answers=answers), NOON)
    assert isinstance(events[-1], PhaseEntered)


def test_the_impact_began_before_now_and_not_long_ago() -> None:
    began = replace(declare(), impact_started=NOON - timedelta(minutes=20))
    declared = decide(Incident(number=NUMBER), began, NOON)[0]
    assert isinstance(declared, IncidentDeclared)
    assert declared.impact_started == NOON - timedelta(minutes=20)
    with pytest.raises(Misdated, match="is in the future"):
        decide(Incident(number=NUMBER), replace(declare(), impact_started=NOON + timedelta(minutes=1)), NOON)
    with pytest.raises(Misdated, match="more than 40 days ago"):
        decide(Incident(number=NUMBER), replace(declare(), impact_started=NOON - timedelta(days=41)), NOON)
