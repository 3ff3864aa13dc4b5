"""The public message about a flag that is held: how long it took until it was read back as held."""

from __future__ import annotations

import pytest

from bot.domain.away import GONE
from bot.domain.events import ContainmentLost, FlagContained
from bot.slack.flags import ReadBack, moment
from tests.slack.made import ANA, FACE, after, check, incident, read

HELD = FlagContained(at=after(2), by=ANA, flag="new-gateway", safe="off", before="on", reason="payments fail")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-0.2, "Confirmed in less than 0.1 s."),  # the clock was set back meanwhile
        (0.04, "Confirmed in less than 0.1 s."),
        (0.05, "Confirmed in 0.1 s."),
        (1.24, "Confirmed in 1.2 s."),
    ],
)
def test_it_says_how_soon_it_was_confirmed(seconds: float, said: str) -> None:
    assert said in read(check(moment(HELD, incident(HELD), FACE, ReadBack(seconds=seconds))))


def test_it_does_not_say_confirmed_before_it_was_read_back() -> None:
    assert "Confirmed" not in read(moment(HELD, incident(HELD), FACE, ReadBack.MISSING))


def test_a_flag_that_is_gone_is_not_said_to_serve_something() -> None:
    lost = ContainmentLost(at=after(5), by="firebreak", flag="unleash:new-gateway", serves=GONE)
    said = read(moment(lost, incident(HELD), FACE, ReadBack.MISSING))
    assert "is gone from where it is kept: each application serves its own default now" in said.replace(
        "*", ""
    )
    assert GONE not in said
