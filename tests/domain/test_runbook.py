"""Which runbook fits a title."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.runbook import Matching, Question, Runbook, Step, best_match, match, matched_words, matches
from bot.domain.vocabulary import Phase


def runbook(id: str, *words: str) -> Runbook:
    phases = {
        phase: (Step(id=f"{phase.value}-1", text="Do it."),)
        for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)
    }
    return Runbook(id=id, title=id, matching=Matching(words=words), phases=phases)


def test_a_word_counts_whole_and_regardless_of_case() -> None:
    payments = runbook("payments", "card", "3ds", "payment gateway", "check-out")
    assert matched_words(payments, "CARD: gateway for payment") == ["card", "payment gateway"]
    assert matched_words(payments, "discards 3DS2 check-out") == ["check-out"]
    assert matched_words(runbook("strasse", "Straße"), "STRASSE gesperrt") == ["Straße"]


def test_the_runbook_with_the_most_words_wins_and_then_the_first_id() -> None:
    one, two, more = runbook("b", "card"), runbook("a", "card"), runbook("z", "card", "declined")
    assert best_match([one, two, more], "card declined") == more
    assert best_match([one, two], "card declined") == two


def test_the_one_without_words_is_taken_only_when_no_word_fits() -> None:
    general, payments = runbook("zz-general"), runbook("aa-payments", "card")
    assert best_match([payments, general], "search is down") == general
    assert best_match([general, payments], "card declined") == payments


def test_without_a_general_one_the_first_is_better_than_none() -> None:
    assert best_match([runbook("b", "x"), runbook("a", "y")], "search is down") == runbook("a", "y")
    assert best_match([], "search is down") is None


PHASES = {phase: (Step(id=phase.value, text="Do it."),) for phase in list(Phase)[:3]}


def test_a_service_and_a_label_speak_for_a_runbook_as_a_word_does() -> None:
    named = Matching(words=("card",), services=("payments-api",), labels=("team=payments",))
    payments = Runbook(id="payments", title="Payments fail", matching=named, phases=PHASES)
    found = match(payments, "Card declined", ["Payments-API", "search"], ["team=payments", "x=y"])
    assert (found.words, found.services, found.labels) == (("card",), ("payments-api",), ("team=payments",))
    assert found.signs == 3
    assert match(payments, "search is down", ["search"]).signs == 0


def test_more_signs_come_first_and_the_general_one_before_those_without_any() -> None:
    general, card, both = runbook("zz-general"), runbook("a", "card"), runbook("b", "card", "declined")
    search = Runbook(id="s", title="s", matching=Matching(services=("search-api",)), phases=PHASES)
    found = matches([search, general, card, both], "card declined")
    assert [each.runbook.id for each in found] == ["b", "a", "zz-general", "s"]
    assert best_match([general, search], "it is slow", services=["search-api"]) == search


@pytest.mark.parametrize(
    ("written", "minutes"), [("45", 45), ("45m", 45), ("2h", 120), ("2 h", 120), ("3d", 4320), (30, 30)]
)
def test_a_due_time_is_written_as_people_say_it(written: object, minutes: int) -> None:
    step = Step.model_validate({"id": "a", "text": "Do it.", "due_after": written})
    assert step.due_after == minutes
    assert Step.model_validate_json(step.model_dump_json()) == step


@pytest.mark.parametrize(
    "wrong",
    [
        *[{"due_after": value} for value in ("soon", "0", "-5m", "91d", "1.5h", "")],
        *[{"link": value} for value in ("http://x", "https://", "https://a b", "https://a|b", "https://a>b")],
        *[{"command": value} for value in ("", "a`b`", "one\ntwo", "x" * 301)],
        {"owner": "boss"},
    ],
    ids=str,
)
def test_what_would_not_work_on_the_checklist_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"id": "a", "text": "Do it.", **wrong})


def test_questions_stand_at_the_gates_of_the_phases_each_once() -> None:
    asked = Question(id="cause", text="What was it?")
    made = Runbook(id="a", title="a", phases=PHASES, questions={Phase.REPAIR: (asked,)})
    assert made.questions[Phase.REPAIR][0].required
    for questions in (
        {Phase.CLOSED: (asked,)},
        {Phase.REPAIR: (asked,), Phase.PREVENT: (asked,)},
        {Phase.REPAIR: tuple(Question(id=f"q-{n}", text="?") for n in range(6))},
    ):
        with pytest.raises(ValidationError):
            Runbook(id="a", title="a", phases=PHASES, questions=questions)
