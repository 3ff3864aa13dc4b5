"""Which runbook fits a title."""

from __future__ import annotations

from bot.domain.runbook import Matching, Runbook, Step, best_match, matched_words
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
