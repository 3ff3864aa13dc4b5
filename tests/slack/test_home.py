"""The Home tab says what is open and what of it is yours, and fits whatever there is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from bot.domain.events import ActionItemAdded, ActionItemDone, StepAssigned, StepDone
from bot.domain.homely import Facts
from bot.domain.vocabulary import Severity
from bot.sandbox.limits import check_view
from bot.slack.home import home
from tests.slack.made import ANA, BO, FACE, after, incident, long_steps

MINE = StepAssigned(at=after(5), by=BO, step="scope", text="Note which payments fail", person=ANA)
ITEM = ActionItemAdded(at=after(6), by=BO, number=1, text="alert on retries", owner=ANA, due=date(2026, 9, 1))


def told(facts: Facts, *, person: str = ANA, minutes: float = 10) -> str:
    view = home(person, facts, FACE, after(minutes))
    check_view(view)
    return json.dumps(view, ensure_ascii=False)


def test_with_nothing_open_it_says_so_and_declaring_stands_out() -> None:
    assert "Nothing is open" in told(Facts())
    button = home(ANA, Facts(), FACE, after(0))["blocks"][0]["elements"][0]
    assert (button["text"]["text"], button["style"]) == ("Declare an incident", "primary")
    assert "style" not in home(ANA, Facts(incidents=[incident()]), FACE, after(0))["blocks"][0]["elements"][0]


def test_the_worst_comes_first_then_the_oldest() -> None:
    several = [incident(number=1, severity=Severity.P2), incident(number=2), incident(number=3)]
    said = told(Facts(incidents=several))
    assert said.index("INC-2") < said.index("INC-3") < said.index("INC-1")
    assert "3 open incidents" in said
    assert "nobody leads yet" in said


def test_what_nobody_spoke_of_for_long_is_stale() -> None:
    assert "stale" not in told(Facts(incidents=[incident()]), minutes=60 * 23)
    assert "stale" in told(Facts(incidents=[incident()]), minutes=60 * 25)
    spoken = incident(StepDone(at=after(60 * 24), by=BO, step="scope", text="Note which payments fail"))
    assert "stale" not in told(Facts(incidents=[spoken]), minutes=60 * 25)


def test_my_steps_stand_there_until_they_are_done_and_nobody_else_s() -> None:
    assert "1 step for you" in told(Facts(incidents=[incident(MINE)]))
    assert "for you" not in told(Facts(incidents=[incident(MINE)]), person=BO)
    ended = incident(MINE, StepDone(at=after(7), by=ANA, step="scope", text="Note which payments fail"))
    assert "for you" not in told(Facts(incidents=[ended]))


def test_my_action_items_stand_there_with_what_to_type_and_say_when_they_are_late() -> None:
    said = told(Facts(with_items=[incident(ITEM)]))
    assert "1 action item for you" in said
    assert "due 2026-09-01" in said
    assert "/incident action done 1" in said
    assert "overdue since 2026-09-01" in told(Facts(with_items=[incident(ITEM)]), minutes=60 * 24)
    done = ActionItemDone(at=after(7), by=ANA, number=1, text="alert on retries")
    assert "for you" not in told(Facts(with_items=[incident(ITEM, done)]))


def test_what_is_not_well_is_said_in_words() -> None:
    said = told(Facts(waiting=[(7, "The channel is archived."), (0, "gone")], broken=["a.yaml, line 3: no"]))
    assert "2 updates are waiting for Slack" in said
    assert "INC-7: The channel is archived." in said
    assert "1 mistake in runbooks" in said


def test_however_much_there_is_slack_takes_it() -> None:
    steps = long_steps(20)
    mine = [MINE.model_copy(update={"step": f"stabilize-{number}"}) for number in range(20)]
    items = [ITEM.model_copy(update={"number": number, "text": "<" * 500}) for number in range(1, 21)]
    many = [
        incident(*mine, *items, title="&" * 150, steps=steps, number=number, channel=None)
        for number in range(10**9 - 60, 10**9)
    ]
    facts = Facts(many, many, [(7, "&" * 900)] * 200, ["<" * 900] * 50)
    meanings = dict.fromkeys(Severity, "x" * 200)
    view = home(ANA, facts, replace(FACE, meanings=meanings), after(60 * 24 * 90))
    check_view(view)
    assert len(json.dumps(view)) < 250_000
