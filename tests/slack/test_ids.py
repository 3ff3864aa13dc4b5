"""What travels in a button comes back as it was, and what is not ours is refused in words."""

from __future__ import annotations

import pytest

from bot.domain.vocabulary import Phase, Refused, Severity
from bot.slack.ids import (
    FlagAim,
    IncidentAim,
    Origin,
    PhaseAim,
    SeverityAim,
    StepAct,
    StepAim,
    StepMenuAim,
    Travelling,
    pack,
    unpack,
)

OPTION_VALUE_MAX = 150
LONGEST_STEP_ID = "s" * 40
LARGEST = 999_999_999


@pytest.mark.parametrize(
    "data",
    [
        IncidentAim(incident=LARGEST),
        PhaseAim(incident=LARGEST, leaving=Phase.STABILIZE),
        SeverityAim(incident=LARGEST, severity=Severity.P0),
        StepAim(incident=LARGEST, step=LONGEST_STEP_ID),
        StepMenuAim(incident=LARGEST, step=LONGEST_STEP_ID, act=StepAct.SKIP),
    ],
)
def test_what_travels_in_an_option_fits_and_comes_back(data: Travelling) -> None:
    assert len(pack(data)) <= OPTION_VALUE_MAX
    assert unpack(type(data), pack(data)) == data


def test_a_flag_and_an_origin_come_back_too() -> None:
    flag, origin = FlagAim(incident=1, flag='"new" <gateway>'), Origin()
    assert unpack(FlagAim, pack(flag)) == flag
    assert unpack(Origin, pack(origin)) == origin


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "7",
        "{}",
        "not json",
        '{"incident":0}',
        '{"incident":"many"}',
        '{"incident":999999999999999999999,"leaving":"stabilize"}',
        '{"incident":7,"step":"scope"}',
        '{"incident":7,"leaving":"lunch"}',
    ],
)
def test_what_is_not_ours_is_refused_with_what_to_do_instead(text: str | None) -> None:
    with pytest.raises(Refused, match="older Firebreak") as refused:
        unpack(PhaseAim, text)
    assert "/incident help" in str(refused.value)
