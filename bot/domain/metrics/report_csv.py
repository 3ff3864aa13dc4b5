"""A report as a table: one line for each group and duration, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from bot.domain.metrics.report import JSON_CLOCKS, Report, summary_json

FIGURES = (
    "n",
    "of",
    "median_s",
    "ci95_low_s",
    "ci95_high_s",
    "p90_s",
    "mean_s",
    "min_s",
    "max_s",
    "censored",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is carried out by spreadsheets


def report_csv(report: Report) -> str:
    """Lines end in CRLF (RFC 4180); what is not known is empty, never 0."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["by", "key", "duration", *FIGURES])
    for group in report.groups:
        for clock in JSON_CLOCKS:
            figures = summary_json(group.durations[clock])
            low, high = figures.pop("ci95_s") or (None, None)
            known = {**figures, "ci95_low_s": low, "ci95_high_s": high}
            key = f"'{group.key}" if group.key.startswith(FORMULA) else group.key
            table.writerow([group.by or "", key, clock.value, *(known[name] for name in FIGURES)])
    return written.getvalue()
