"""Which incidents look like an earlier one, and what is said of how many do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.language import English
from bot.domain.likeness import Reason, Sign, because_words
from bot.domain.metrics.recovery import Recovery
from bot.domain.metrics.repeats import LOOK_BACK, SHOWN, Past, Repeats, repeats, title_words
from bot.domain.metrics.wording_repeats import repeat_lines

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
T = English()


def incident(number: int, title: str, days: float = 0, **known: Any) -> Recovery:
    """Declared so many days after noon, and repaired an hour later."""
    declared = NOON + timedelta(days=days)
    known.setdefault("repaired", declared + timedelta(hours=1))
    return Recovery(number=number, title=title, severity="P1", declared=declared, **known)


# Enough others that common words weigh little.
OTHERS = [
    incident(100 + place, title, days=-place)
    for place, title in enumerate(
        (
            "search is slow", "mail does not arrive", "login page is blank", "exports are empty",
            "cart loses items", "images are missing", "invoices are late", "search results are wrong",
        )
    )
]  # fmt: skip


def alike(one: Recovery, *others: Recovery) -> list[tuple[int, set[Sign]]]:
    found = Past([*OTHERS, *others]).alike(one)
    return [(each.earlier, {reason.sign for reason in each.because}) for each in found]


NEW = incident(9, "checkout returns 500", days=5, services=("payments-api",), paths=("payment",))


def test_a_service_and_a_similar_title_look_alike() -> None:
    earlier = incident(1, "checkout returns errors 500", days=1, services=("payments-api",))
    assert alike(NEW, earlier) == [(1, {Sign.SERVICE, Sign.TITLE})]


def test_a_critical_path_and_the_cause_look_alike_whatever_the_title() -> None:
    earlier = incident(1, "the gateway retries", days=1, paths=("payment",), cause="missing idempotency")
    one = incident(9, "double charges", days=5, paths=("payment",), cause="missing idempotency")
    assert alike(one, earlier) == [(1, {Sign.PATH, Sign.CAUSE})]


@pytest.mark.parametrize(
    "earlier",
    [
        incident(1, "refunds are stuck", days=1, services=("payments-api",)),
        incident(1, "images are gone", days=1, cause="capacity"),
        incident(1, "checkout is slow", days=1),
    ],
    ids=["a service", "a cause that the other has not", "a word of the title"],
)
def test_one_sign_alone_is_no_likeness(earlier: Recovery) -> None:
    assert alike(NEW, earlier) == []


def test_nearly_the_same_title_is_enough() -> None:
    assert alike(
        incident(9, "Checkout returns 500!", days=5), incident(1, "checkout returns a 500", days=1)
    ) == [(1, {Sign.TITLE})]


@pytest.mark.parametrize("excluded", ["drill", "test", "maintenance", "cancelled", "duplicate"])
def test_what_was_no_incident_is_never_pointed_at(excluded: str) -> None:
    assert alike(NEW, incident(1, NEW.title, days=1, excluded=excluded)) == []


def test_what_is_private_is_never_named() -> None:
    assert alike(NEW, incident(1, NEW.title, days=1, services=NEW.services, private=True)) == []


def test_what_is_still_open_is_no_repeat_of_it() -> None:
    assert alike(NEW, incident(1, NEW.title, days=1, repaired=None)) == []
    late = NEW.declared + timedelta(minutes=1)
    assert alike(NEW, incident(1, NEW.title, days=1, repaired=late)) == []


def test_what_is_older_than_a_year_is_left_alone() -> None:
    too_old = -(LOOK_BACK.days + 1)
    assert alike(NEW, incident(1, NEW.title, days=too_old)) == []
    assert alike(NEW, incident(1, NEW.title, days=too_old + 7)) == [(1, {Sign.TITLE})]


def test_an_imported_incident_counts_like_any_other_and_the_likest_comes_first() -> None:
    title_only = incident(1, NEW.title, days=1)
    both = incident(2, NEW.title, days=0.5, services=NEW.services)
    assert [number for number, _ in alike(NEW, title_only, both)] == [2, 1]


def test_few_are_pointed_out() -> None:
    same = [incident(number, NEW.title, days=number / 10) for number in range(1, 9)]
    found = alike(NEW, *same)
    assert [number for number, _ in found] == [8, 7, 6]
    assert len(found) == SHOWN


def test_words_are_compared_without_accents_case_and_what_says_nothing() -> None:
    assert title_words("Le paiement est REFUSÉ pour la carte") == {"paiement", "refuse", "carte"}


def test_the_rate_counts_those_that_look_like_one_before_them() -> None:
    before = [*OTHERS, incident(1, NEW.title, days=-20, services=NEW.services)]
    private = incident(12, NEW.title, days=6, private=True)
    drill = incident(11, NEW.title, days=6, excluded="drill")
    found = repeats([NEW, incident(10, "something else broke", days=5), drill, private], before)
    assert (found.n, found.of) == (1, 2)
    assert [(each.number, each.earlier) for each in found.found] == [(9, 1)]


def test_within_a_window_the_later_looks_like_the_earlier_and_not_the_other_way_round() -> None:
    found = repeats([*OTHERS, NEW, incident(10, NEW.title, days=6)], [])
    assert [(each.number, each.earlier) for each in found.found] == [(10, 9)]


def test_a_rate_of_few_has_no_interval_and_claims_nothing() -> None:
    found = repeats([*OTHERS[:2], NEW, incident(10, NEW.title, days=6, services=NEW.services)], [])
    assert repeat_lines(found, T) == [
        "1 of 4 incidents look like an earlier one of the 365 days before them.",
        "INC-10 looks like INC-9, because both hit payments-api, the titles are alike.",
        "A likeness is a guess from service, path, cause and title; whether it came back, people know.",
    ]
    of_many = Repeats(17, repeats([*OTHERS, NEW, incident(10, NEW.title, days=6)], []).found)
    assert repeat_lines(of_many, T)[0].endswith("(95 % interval 1 to 27 %).")


def test_nothing_to_compare_says_nothing() -> None:
    assert repeat_lines(None, T) == []
    assert repeat_lines(Repeats(0, ()), T) == []


def test_reasons_name_what_was_shared() -> None:
    reasons = (Reason(sign=Sign.PATH, what="payment"), Reason(sign=Sign.CAUSE, what="capacity"))
    assert because_words(reasons, T, str.upper) == "both hit PAYMENT, both came from CAPACITY"


@given(st.lists(st.sampled_from(["checkout", "search", "slow", "down", "500", "é", "the"]), max_size=4))
@settings(max_examples=30)
def test_a_title_looks_like_itself_unless_it_says_nothing(words: list[str]) -> None:
    title = " ".join(words)
    expected = [(1, {Sign.TITLE})] if title_words(title) else []
    found = Past([incident(1, title, days=1)]).alike(incident(9, title, days=5))
    assert [(each.earlier, {reason.sign for reason in each.because}) for each in found] == expected
