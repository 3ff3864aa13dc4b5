"""Recovery times, honestly: durations, medians with intervals, censoring, windows. Pure functions, no I/O.

From facts to words: `Recovery` (one incident) → `report_on` (a `Report` of one `Window`) → `report_lines` for
people, `report_json` for machines; `daily_lines` is the daily summary's text.
"""

from bot.domain.metrics.daily import daily_lines
from bot.domain.metrics.recovery import Clock, Elapsed, Recovery, counts, elapsed, is_open, not_counted
from bot.domain.metrics.report import (
    BY_SEVERITY,
    Group,
    Grouping,
    Population,
    Report,
    Showing,
    Summary,
    report_json,
    report_on,
    summarise,
)
from bot.domain.metrics.windows import (
    EVERY_DAY,
    BadWindow,
    Window,
    covered,
    due_day,
    instant,
    month,
    parse_window,
    rolling,
)
from bot.domain.metrics.wording import age_words, clock_words, duration_words, group_lines, report_lines

__all__ = [
    "BY_SEVERITY",
    "EVERY_DAY",
    "BadWindow",
    "Clock",
    "Elapsed",
    "Group",
    "Grouping",
    "Population",
    "Recovery",
    "Report",
    "Showing",
    "Summary",
    "Window",
    "age_words",
    "clock_words",
    "counts",
    "covered",
    "daily_lines",
    "due_day",
    "duration_words",
    "elapsed",
    "group_lines",
    "instant",
    "is_open",
    "month",
    "not_counted",
    "parse_window",
    "report_json",
    "report_lines",
    "report_on",
    "rolling",
    "summarise",
]
