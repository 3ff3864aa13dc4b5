"""Ten days by hand, and the summary of each as it stands in tests/golden/summaries.md: read it aloud."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.domain.language import English
from bot.domain.metrics import Recovery, Tally, Window, covered, daily_lines, instant, rolling
from bot.domain.metrics.daily import Beside, Correction, Held, Overdue
from bot.domain.vocabulary import Milestone
from tests.domain.metrics import BERLIN, incident, minutes

GOLDEN = Path(__file__).parents[2] / "golden" / "summaries.md"
NINE = time(9)
TITLES = ("Checkout returns 500", "Search answers slowly", "Sign-up mails are late", "The cart forgets")
Day = tuple[list[Recovery], Window, Beside | None]


def until(day: date, since: date | None = None) -> Window:
    watermark = None if since is None else instant(since, NINE, BERLIN)
    window = covered(day, BERLIN, NINE, watermark)
    assert window is not None
    return window


def some(window: Window, count: int, *, repaired: bool = True, first: int = 41) -> list[Recovery]:
    """Incidents at even distances in the window, of all severities, repaired after 12, 29, 46 … minutes."""
    step = (window.end - window.start) / (count + 1)
    return [
        incident(
            first + place,
            window.start + step * (place + 1),
            title=TITLES[place % len(TITLES)],
            severity=f"P{place % 4}",
            **({"stabilized": 8 + 9 * place, "repaired": 12 + 17 * place} if repaired else {}),
        )
        for place in range(count)
    ]


def month_of(window: Window, recoveries: list[Recovery], earlier: int = 3) -> Beside:
    """The last 28 days, and the 28 before them with so many."""
    month = rolling(28, window.end, BERLIN)
    before = rolling(28, month.start, BERLIN)
    now, then = Tally(month, window.end, ()), Tally(before, window.end, ())
    now.add(recoveries)
    then.add(some(before, earlier))
    return Beside(month=now.report(), before=then.report())


def quiet() -> Day:
    return [], until(date(2026, 9, 29)), None


def one() -> Day:
    window = until(date(2026, 9, 29))
    known = some(window, 1)
    return known, window, month_of(window, known, earlier=0)


def three() -> Day:
    window = until(date(2026, 9, 29))
    known = some(window, 3)
    return known, window, month_of(window, known)


def thirty() -> Day:
    window = until(date(2026, 9, 29))
    known = some(window, 30)
    return known, window, month_of(window, known, earlier=24)


def all_open() -> Day:
    window = until(date(2026, 9, 29))
    known = some(window, 2, repaired=False)
    old = incident(17, window.start - timedelta(days=9), title="Invoices lack a line", severity="P3")
    beside = replace(
        month_of(window, [*known, old], earlier=7),
        heard={41: window.end - timedelta(minutes=4), 42: window.end - timedelta(hours=3), 17: old.declared},
        held=[Held("payments-new-gateway", 41, window.end - timedelta(hours=5))],
        overdue=[Overdue(12, "Alert on retries without a key", "Cleo", date(2026, 9, 25))],
    )
    return [*known, old], window, beside


def spring() -> Day:
    window = until(date(2026, 3, 29))
    known = [
        incident(41, datetime(2026, 3, 29, 0, 50, tzinfo=UTC), title=TITLES[0], severity="P1", repaired=25)
    ]
    return known, window, month_of(window, known)


def autumn() -> Day:
    window = until(date(2026, 10, 25))
    known = [
        incident(41, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), title=TITLES[1], severity="P1", repaired=75)
    ]
    return known, window, month_of(window, known)


def monday() -> Day:
    window = until(date(2026, 9, 28), since=date(2026, 9, 25))
    known = some(window, 2)
    return known, window, month_of(window, known)


def after_downtime() -> Day:
    window = until(date(2026, 9, 30), since=date(2026, 9, 18))
    known = some(window, 1, repaired=False)
    beside = replace(month_of(window, known), heard={41: known[0].declared})
    return known, window, beside


def restated() -> Day:
    window = until(date(2026, 9, 29))
    began = window.start - timedelta(hours=5)
    known = [
        incident(41, began, title=TITLES[0], severity="P1", repaired=134),
        incident(42, began, title=TITLES[1], severity="P2"),
    ]
    beside = replace(
        month_of(window, known, earlier=1),
        heard={42: window.end - timedelta(hours=2)},
        corrections=[
            Correction(41, Milestone.REPAIRED, began, began + minutes(68), began + minutes(134)),
            Correction(41, Milestone.IMPACT_STARTED, began, began - minutes(4), began - minutes(70)),
            Correction(42, Milestone.REPAIRED, began, began + minutes(51), None),
            Correction(
                43, Milestone.REPAIRED, window.start, window.start + minutes(9), window.start + minutes(8)
            ),
        ],
    )
    return known, window, beside


DAYS = (quiet, one, three, thirty, all_open, spring, autumn, monday, after_downtime, restated)


def golden() -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^## ", GOLDEN.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, *lines = part.strip().splitlines()
        yield name, [line.removeprefix("- ") for line in lines if line]


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.__name__)
def test_the_day_reads_as_it_stands_in_the_file(day: type) -> None:
    known, window, beside = day()
    lines = daily_lines(known, window, English(), beside)
    assert lines == dict(golden())[day.__name__.replace("_", " ")]
    assert len(lines) <= 10


def test_the_file_has_these_ten_days_and_no_others() -> None:
    assert [name for name, _ in golden()] == [day.__name__.replace("_", " ") for day in DAYS]


def test_a_quiet_day_has_two_lines() -> None:
    assert len(dict(golden())["quiet"]) == 2


def test_of_a_day_with_too_much_to_tell_the_context_goes_and_the_corrections_stay() -> None:
    known, window, beside = restated()
    assert beside is not None
    lately = some(window, 3, first=50)
    drill = incident(60, window.start + minutes(5), excluded="drill")
    full = replace(
        beside,
        heard={42: window.start - timedelta(days=20)},
        held=[Held("payments-new-gateway", 42, window.start)],
        overdue=[Overdue(12, "Alert on retries without a key", "Cleo", date(2026, 9, 25))],
    )
    lines = daily_lines([*known, *lately, drill], window, English(), full)
    assert len(lines) == 10
    begins = [line.partition(" ")[0] for line in lines]
    assert begins == [
        "Incidents,",
        "Opened",
        "Stabilized",
        "Repaired",
        "Open:",
        "Stale,",
        "Flags",
        "Action",
        *begins[8:],
    ]
    assert lines[8].startswith("Corrected since the last summary: INC-41")
    assert lines[9].startswith("Clock:")
