"""Recovery times, honestly: durations, medians with intervals, censoring, windows. Pure functions, no I/O.

From facts to words: `Recovery` (one incident) → `report_on` (a `Report` of one `Window`) → `report_lines` for
people, `report_json` for machines; `daily_lines` is the daily summary's text.
"""

from bot.domain.metrics.comparing import Comparison, Verdict, compare
from bot.domain.metrics.daily import daily_lines
from bot.domain.metrics.lines import report_lines
from bot.domain.metrics.recovery import Clock, Elapsed, Recovery, counts, elapsed, is_open, not_counted
from bot.domain.metrics.report import (
    BY_CAUSE,
    BY_SERVICE,
    BY_SEVERITY,
    GROUPED_BY,
    Group,
    Grouping,
    Population,
    Report,
    Showing,
    Summary,
    by_month,
    grouped_by,
    report_json,
    summarise,
)
from bot.domain.metrics.tally import Tally, report_on
from bot.domain.metrics.windows import (
    EVERY_DAY,
    BadWindow,
    Window,
    covered,
    due_day,
    instant,
    looks_like_a_window,
    month,
    months,
    parse_as_of,
    parse_window,
    preceding,
    rolling,
    since,
)
from bot.domain.metrics.wording import age_words, clock_words, duration_words, group_lines

__all__ = [
    "BY_CAUSE",
    "BY_SERVICE",
    "BY_SEVERITY",
    "EVERY_DAY",
    "GROUPED_BY",
    "BadWindow",
    "Clock",
    "Comparison",
    "Elapsed",
    "Group",
    "Grouping",
    "Population",
    "Recovery",
    "Report",
    "Showing",
    "Summary",
    "Tally",
    "Verdict",
    "Window",
    "age_words",
    "by_month",
    "clock_words",
    "compare",
    "counts",
    "covered",
    "daily_lines",
    "due_day",
    "duration_words",
    "elapsed",
    "group_lines",
    "grouped_by",
    "instant",
    "is_open",
    "looks_like_a_window",
    "month",
    "months",
    "not_counted",
    "parse_as_of",
    "parse_window",
    "preceding",
    "report_json",
    "report_lines",
    "report_on",
    "rolling",
    "since",
    "summarise",
]
