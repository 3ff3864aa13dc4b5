"""Two windows: the ratio agrees with writing all pairs down, and "changed" is said as rarely as it should be."""

from __future__ import annotations

import random
from math import exp, inf, log
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from bot.domain.language import English
from bot.domain.metrics import Verdict, compare, summarise
from bot.domain.metrics.comparing import THIN, Comparison
from bot.domain.metrics.statistics import Interval
from bot.domain.metrics.wording_comparison import comparison_words, compatible_words

SECONDS = st.integers(1, 40 * 86400)
ENOUGH = st.lists(SECONDS, min_size=20, max_size=30)
t = English()


@given(ENOUGH, ENOUGH)
def test_the_ratio_is_the_median_of_all_quotients(now: list[int], before: list[int]) -> None:
    compared = compare(summarise(now), summarise(before))
    logs = sorted(log(x) - log(y) for x in now for y in before)
    assert compared.ratio == pytest.approx(exp(median(logs)))


@given(ENOUGH, ENOUGH)
def test_the_interval_holds_the_ratios_that_the_rank_test_does_not_reject(
    now: list[int], before: list[int]
) -> None:
    interval = compare(summarise(now), summarise(before)).interval
    assert interval is not None
    assert interval.high is not None
    for inside, ratio in ((True, (interval.low * interval.high) ** 0.5), (False, interval.low / 1.5)):
        shifted = [each * ratio for each in before]
        p = stats.mannwhitneyu(now, shifted, use_continuity=False, method="asymptotic").pvalue
        if interval.low * 1.01 < interval.high / 1.01:  # ties make the test itself coarse
            assert (p > 0.03) >= inside or p > 0.05 or not inside
            if not inside:
                assert p < 0.12


@given(ENOUGH)
def test_equal_sides_are_no_change(values: list[int]) -> None:
    compared = compare(summarise(values), summarise(values))
    assert compared.verdict is Verdict.SCATTER
    assert compared.ratio == pytest.approx(1)


@pytest.mark.parametrize(("now", "before"), [(19, 200), (200, 19), (0, 0)])
def test_fewer_than_twenty_on_a_side_are_never_called_a_change(now: int, before: int) -> None:
    compared = compare(summarise(range(1, now + 1)), summarise(range(10_000, 10_000 + before)))
    assert compared.verdict is Verdict.TOO_FEW
    assert compared.interval is None


def test_a_clear_difference_has_changed() -> None:
    compared = compare(summarise(range(600, 640)), summarise(range(3600, 3640)))
    assert compared.verdict is Verdict.CHANGED
    assert "It has changed: compatible with 83 % shorter to 83 % shorter" in comparison_words(compared, t)


def test_scatter_is_called_scatter() -> None:
    words = comparison_words(compare(summarise(range(600, 700)), summarise(range(595, 695))), t)
    assert "within normal scatter" in words
    assert "changed" not in words


def test_when_nothing_changed_it_is_said_to_have_in_one_comparison_of_twenty() -> None:
    chance, said = random.Random(7), 0
    for _ in range(300):
        now, before = ([int(chance.lognormvariate(8, 1.5)) for _ in range(25)] for _ in range(2))
        said += compare(summarise(now), summarise(before)).verdict is Verdict.CHANGED
    assert 3 <= said <= 27  # 15 are expected


@given(ENOUGH, ENOUGH, st.lists(SECONDS, max_size=8), st.lists(SECONDS, max_size=8))
def test_open_ones_widen_the_interval_and_never_narrow_it_whatever_becomes_of_them(
    now: list[int], before: list[int], open_now: list[int], open_before: list[int]
) -> None:
    told = compare(summarise(now, open_now), summarise(before, open_before)).interval
    later = compare(
        summarise([*now, *(each * 3 for each in open_now)]),
        summarise([*before, *(each * 2 for each in open_before)]),
    ).interval
    assert told is not None
    assert later is not None
    assert later.high is not None
    assert told.low <= later.low * (1 + 1e-9)
    assert (inf if told.high is None else told.high) >= later.high * (1 - 1e-9)


def test_ten_thousand_on_each_side_take_no_longer_than_some() -> None:
    chance = random.Random(3)
    now, before = ([int(chance.lognormvariate(8, 1)) for _ in range(5 * THIN)] for _ in range(2))
    compared = compare(summarise(now), summarise(before))
    assert compared.ratio == pytest.approx(1, abs=0.05)
    assert compared.interval is not None
    assert compared.interval.high is not None
    assert compared.interval.low < 1 < compared.interval.high < 1.06


def test_ratios_are_said_as_people_say_them() -> None:
    assert compatible_words(Interval(0.82, 1.37), t) == "18 % shorter to 37 % longer"
    assert compatible_words(Interval(1.001, 2.5), t) == "no difference to 2.5 times as long"
    assert compatible_words(Interval(0.5, None), t) == "50 % shorter or more, upper end still open"


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(1.004, 1.11), "0.4 % longer to 11 % longer"),
        (Interval(0.89, 0.996), "11 % shorter to 0.4 % shorter"),
        (Interval(1.0003, None), "0.03 % longer or more, upper end still open"),
    ],
)
def test_what_has_changed_is_never_said_to_be_compatible_with_no_difference(
    interval: Interval, words: str
) -> None:
    finished = summarise(range(600, 640))
    compared = Comparison(finished, finished, 1.05, interval)
    assert f"It has changed: compatible with {words}." in comparison_words(compared, t)
