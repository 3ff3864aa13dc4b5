"""The small exact functions, beside SciPy and NumPy and the numbers that were published."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from bot.domain.metrics.statistics import (
    EXACT_UP_TO,
    MEDIAN,
    P90,
    Interval,
    poisson_interval,
    quantile,
    quantile_interval,
    quantile_ranks,
    survival,
    survival_quantile,
    wilson_interval,
)

SECONDS = st.integers(0, 40 * 86400)
DURATIONS = st.lists(SECONDS, min_size=1, max_size=80)

# Freireich et al. 1963: weeks of remission under 6-MP, the example of most textbooks; 12 of 21 censored.
REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23]
STILL_IN_REMISSION = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


@given(DURATIONS, st.sampled_from([MEDIAN, P90, Fraction(1, 4), Fraction(0), Fraction(1)]))
def test_a_quantile_is_the_one_numpy_gives(durations: list[int], p: Fraction) -> None:
    assert quantile(sorted(durations), p) == pytest.approx(float(np.quantile(durations, float(p))), abs=1e-6)


@pytest.mark.parametrize(
    ("n", "ranks"),
    [(6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (10, (2, 9)), (12, (3, 10)), (20, (6, 15))],
)
def test_the_median_is_bounded_by_the_published_ranks(n: int, ranks: tuple[int, int]) -> None:
    assert quantile_ranks(n, MEDIAN) == ranks


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_below_six_no_interval_for_a_median_exists(n: int) -> None:
    assert quantile_ranks(n, MEDIAN) == (None, None)
    assert quantile_interval(list(range(n)), MEDIAN) is None


@pytest.mark.parametrize(("n", "upper"), [(20, None), (35, None), (36, 36), (100, 96)])
def test_the_p90_has_an_upper_bound_only_from_thirty_six_on(n: int, upper: int | None) -> None:
    assert quantile_ranks(n, P90)[1] == upper


@given(st.integers(36, EXACT_UP_TO), st.sampled_from([MEDIAN, P90]))
def test_ranks_are_those_of_scipys_binomial(n: int, p: Fraction) -> None:
    lower, upper = quantile_ranks(n, p)
    assert lower is not None and upper is not None
    below = stats.binom(n, float(p)).cdf
    assert below(lower - 1) <= 0.025 < below(lower)
    assert below(upper - 2) < 0.975 <= below(upper - 1)


@pytest.mark.parametrize("n", [EXACT_UP_TO + 1, 5_000, 250_000])
@pytest.mark.parametrize("p", [MEDIAN, P90])
def test_ranks_of_long_histories_are_those_of_scipys_binomial(n: int, p: Fraction) -> None:
    assert quantile_ranks(n, p) == (
        stats.binom.ppf(0.025, n, float(p)),
        stats.binom.ppf(0.975, n, float(p)) + 1,
    )


@given(st.lists(SECONDS, min_size=6, max_size=80))
def test_an_interval_holds_its_median(durations: list[int]) -> None:
    ordered = sorted(durations)
    interval = quantile_interval(ordered, MEDIAN)
    assert interval is not None and interval.high is not None
    assert interval.low <= quantile(ordered, MEDIAN) <= interval.high


@given(st.lists(SECONDS, min_size=6, max_size=80))
def test_an_interval_is_the_one_of_scipys_quantile_test(durations: list[int]) -> None:
    theirs = stats.quantile_test(durations, q=0, p=0.5).confidence_interval(0.95)
    assert quantile_interval(sorted(durations), MEDIAN) == Interval(theirs.low, theirs.high)


def test_survival_gives_the_textbook_figures_for_the_remission_times() -> None:
    steps = survival(REMISSION, STILL_IN_REMISSION)
    shares = {step.at: round(step.share, 3) for step in steps}
    assert shares == {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert survival_quantile(sorted(REMISSION), sorted(STILL_IN_REMISSION), MEDIAN) == 23
    assert survival_quantile(sorted(REMISSION), sorted(STILL_IN_REMISSION), P90) is None


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.lists(st.integers(1, 60), max_size=40))
def test_survival_is_the_one_of_scipy(finished: list[int], at_least: list[int]) -> None:
    curve = stats.ecdf(stats.CensoredData(uncensored=finished, right=at_least)).sf
    theirs = dict(zip(curve.quantiles, curve.probabilities, strict=True))
    for step in survival(finished, at_least):
        assert step.share == pytest.approx(theirs[step.at], abs=1e-12)


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=30),
    st.lists(st.integers(1, 30), max_size=30),
    st.sampled_from([MEDIAN, P90]),
)
@example([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [], P90)  # 0.1 comes out as 0.10000000000000002
def test_survival_reaches_a_quantile_exactly_where_fractions_say(
    finished: list[int], at_least: list[int], p: Fraction
) -> None:
    share, reached = Fraction(1), None
    for at in sorted(set(finished)):
        at_risk = sum(lasted >= at for lasted in (*finished, *at_least))
        share *= 1 - Fraction(finished.count(at), at_risk)
        if share <= 1 - p:
            reached = at
            break
    assert survival_quantile(sorted(finished), sorted(at_least), p) == reached


@given(st.lists(SECONDS, min_size=1, max_size=79).filter(lambda durations: len(durations) % 2 == 1))
def test_survival_without_open_incidents_is_the_plain_median(durations: list[int]) -> None:
    assert survival_quantile(sorted(durations), [], MEDIAN) == quantile(sorted(durations), MEDIAN)


@given(st.lists(SECONDS, min_size=1, max_size=40).map(lambda half: half + half[::-1]))
def test_survival_of_an_even_number_takes_the_lower_of_the_middle_two(durations: list[int]) -> None:
    assert survival_quantile(sorted(durations), [], MEDIAN) == sorted(durations)[len(durations) // 2 - 1]


@given(DURATIONS, st.lists(SECONDS, max_size=40))
def test_open_incidents_never_shorten_the_median(finished: list[int], at_least: list[int]) -> None:
    alone = survival_quantile(sorted(finished), [], MEDIAN)
    together = survival_quantile(sorted(finished), sorted(at_least), MEDIAN)
    assert alone is not None
    assert together is None or together >= alone


@given(st.lists(SECONDS, min_size=6, max_size=80), st.lists(SECONDS, max_size=40))
def test_an_interval_holds_its_median_with_open_incidents_too(
    finished: list[int], at_least: list[int]
) -> None:
    median = survival_quantile(sorted(finished), sorted(at_least), MEDIAN)
    interval = quantile_interval(sorted(finished), MEDIAN, at_least)
    assert interval is not None
    assert median is None or interval.low <= median
    assert interval.high is None or (median is not None and median <= interval.high)


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=6, max_size=60))
def test_an_interval_only_narrows_as_open_incidents_end(waits: list[tuple[int, int]]) -> None:
    """Each is cut off somewhere; the whole truth must lie within what was said before it was known."""
    truth = quantile_interval(sorted(lasted for lasted, _ in waits), MEDIAN)
    finished = sorted(lasted for lasted, seen in waits if lasted <= seen)
    said = quantile_interval(finished, MEDIAN, [seen for lasted, seen in waits if lasted > seen])
    assert truth is not None and truth.high is not None and said is not None
    assert said.low <= truth.low
    assert said.high is None or truth.high <= said.high


@given(st.data(), st.integers(1, 5_000))
def test_the_interval_of_a_share_is_the_one_of_scipy(data: st.DataObject, of: int) -> None:
    hits = data.draw(st.integers(0, of))
    theirs = stats.binomtest(hits, of).proportion_ci(0.95, method="wilson")
    assert wilson_interval(hits, of) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("hits", "of"), [(1, 0), (0, 0), (4, 3), (-1, 3)])
def test_what_is_not_a_share_has_no_interval(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        wilson_interval(hits, of)


@given(st.integers(1, 20_000))
def test_the_interval_of_a_count_is_the_chi_square_one(count: int) -> None:
    theirs = stats.chi2.ppf(0.025, 2 * count) / 2, stats.chi2.ppf(0.975, 2 * count + 2) / 2
    assert poisson_interval(count) == pytest.approx(theirs, rel=1e-9)


def test_none_seen_still_has_an_upper_bound() -> None:
    assert poisson_interval(0) == pytest.approx((0.0, math.log(40)))


def test_a_count_below_none_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be -1"):
        poisson_interval(-1)
