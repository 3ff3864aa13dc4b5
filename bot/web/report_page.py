"""The report as one page that needs nothing else: charts as SVG, the tables behind them, no script.

The same page is exported as a file and served by the bot; only the links at its head differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.charts.studio import Order, drawn
from bot.domain.language import Translate
from bot.domain.measure_words import caution, measure_lines, pairs
from bot.domain.measures import Measure
from bot.domain.metrics import Clock, Recovery, Report, Showing, Summary, elapsed, not_counted, report_lines
from bot.domain.metrics.charts import Chart, charts, table
from bot.domain.metrics.lines import method_lines
from bot.domain.metrics.wording import clock_words, coverage_words, duration_words, moment_words, window_words
from bot.domain.metrics.wording_repeats import repeat_lines
from bot.domain.vocabulary import incident_name
from bot.services.reports import Study

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
WIDE, NARROW = 960, 360  # pixels that a chart is drawn for; the style sheet shows one of the two
INCIDENTS_SHOWN = 200  # a table that is longer belongs into the JSON or the CSV
SPLIT_CLOCKS = (Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR)


@dataclass(frozen=True)
class Site:
    """What stands around a page on the web; an exported file has none of it.

    `links` are the pages, `windows` other windows of the report, each an address and its words.
    """

    links: Sequence[tuple[str, str]] = ()
    windows: Sequence[tuple[str, str]] = ()
    here: str = ""
    of_incident: Callable[[int], str] | None = field(default=None)


NOWHERE = Site()


def _charts(study: Study, t: Translate) -> list[Chart]:
    report = study.report
    return charts(
        study.recoveries, report.window, report.as_of, t, before=study.earlier, touched=study.touched
    )


async def report_page(study: Study, t: Translate, *, language: str, site: Site = NOWHERE) -> str:
    """The page; raises NotDrawn where the charts cannot be drawn."""
    report = study.report
    shown = await asyncio.to_thread(_charts, study, t)
    orders = [Order(chart, "svg", width) for chart in shown for width in (WIDE, NARROW)]
    pictures = [_unique(picture.decode(), place) for place, picture in enumerate(await drawn(orders))]
    title, *lines = await asyncio.to_thread(report_lines, report, t, (), study.before)
    method = method_lines(report, t)
    return rendered(
        "report.html",
        t,
        language=language,
        site=site,
        title=t("Recovery times"),
        lead=title,
        lines=[line for line in lines if line not in method],
        charts=[
            _chart(chart, pictures[2 * place], pictures[2 * place + 1], t)
            for place, chart in enumerate(shown)
        ],
        groups=_groups(report, t),
        method=[*method, *_method(t)],
        repeats_title=t("Repeats"),
        repeats=repeat_lines(report.repeats, t),
        measured_title=t("Before and after"),
        measured=[
            (f"{incident_name(each.number)}: {each.title}", measured_figures(each.measures, t))
            for each in report.measured
        ],
        caution=caution(t),
        footer=t(
            "As it stood {moment} ({zone}).", moment=_moment(report.as_of, report, t), zone=report.window.zone
        ),
        windows=site.windows,
        **_incidents(study, t, site),
    )


def incidents_page(study: Study, t: Translate, *, language: str, site: Site) -> str:
    """The incidents of a window, the latest first."""
    return rendered(
        "incidents.html",
        t,
        language=language,
        site=site,
        title=t("Incidents"),
        lead=window_words(study.report.window, t),
        none=t("No incident was declared in this time."),
        footer="",
        windows=[(address.replace("/report", "/incidents"), words) for address, words in site.windows],
        **_incidents(study, t, site),
    )


def rendered(template: str, t: Translate, *, language: str, site: Site, **values: Any) -> str:
    """One of our pages."""
    environment = _environment()

    def drawn_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
        made = environment.get_template("table.html").render(
            caption=t("Table: {title}", title=caption), heads=heads, rows=rows
        )
        return Markup(made)

    return environment.get_template(template).render(
        words=_words(t),
        language=language,
        links=site.links,
        here=site.here,
        style=Markup((TEMPLATES / "page.css").read_text()),
        table=drawn_table,
        **values,
    )


def _words(t: Translate) -> dict[str, str]:
    """What the templates say themselves: catalogues are collected from Python alone."""
    return {
        "skip": t("Skip to the content"),
        "pages": t("Pages"),
        "windows": t("Other windows:"),
        "figures": t("Figures"),
        "charts": t("Charts"),
        "incidents": t("Incidents"),
        "method": t("How this is counted"),
    }


@cache
def _environment() -> Environment:
    from jinja2 import (
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )  # here: starting does not wait for pages

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )


def _unique(svg: str, place: int) -> Markup:
    """Ids of one drawing must not be those of another on the same page."""
    for attribute in ('id="', 'href="#', "url(#"):
        svg = svg.replace(attribute, f"{attribute}c{place}-")
    return Markup(svg)


def _chart(chart: Chart, wide: Markup, narrow: Markup, t: Translate) -> dict[str, Any]:
    heads, rows = table(chart, t)
    name = t("{title}. The figures are in the table below.", title=chart.title)
    return {
        "name": name,
        "title": chart.title,
        "alt": chart.alt,
        "behind": t("The figures behind it: {title}", title=chart.title),
        "wide": wide,
        "narrow": narrow,
        "heads": heads,
        "rows": rows,
    }


def _groups(report: Report, t: Translate) -> list[dict[str, Any]]:
    return [
        {
            "by": by,
            "title": _group_title(by, t),
            "note": coverage_words(by, report.coverage[by], report.population.counted, t)
            if by in ("service", "cause")
            else "",
            "heads": (
                t("group"),
                *(
                    head
                    for clock in SPLIT_CLOCKS
                    for head in (clock_words(clock, t), t("95 % interval"), t("n of"))
                ),
            ),
            "rows": [
                (group.key, *(cell for clock in SPLIT_CLOCKS for cell in _cells(group.durations[clock], t)))
                for group in report.by(by)
            ],
        }
        for by in report.coverage
        if report.by(by)
    ]


def measured_figures(measures: Iterable[Measure], t: Translate) -> list[list[str]]:
    """The lines of each figure before and after."""
    return [measure_lines(pair, t) for pair in pairs(measures)]


def _group_title(by: str, t: Translate) -> str:
    match by:
        case "severity":
            return t("By severity")
        case "service":
            return t("By service")
        case "cause":
            return t("By cause")
        case _:
            return t("By month")


def _cells(summary: Summary, t: Translate) -> tuple[str, str, str]:
    """The median, its interval and the coverage; single times where there are too few for a median."""
    n = t("{n} of {of}", n=summary.n, of=summary.of)
    if summary.showing < Showing.MEDIAN:
        return ", ".join(duration_words(each, t) for each in summary.values) or "–", "–", n
    median = t("not reached") if summary.median_s is None else duration_words(summary.median_s, t)
    if summary.interval_s is None:
        return median, "–", n
    low, high = summary.interval_s
    upper = t("still open") if high is None else duration_words(high, t)
    return median, f"{duration_words(low, t)} – {upper}", n


def _incidents(study: Study, t: Translate, site: Site) -> dict[str, Any]:
    report = study.report
    shown_to_all = [recovery for recovery in study.recoveries if not recovery.private]
    newest = sorted(shown_to_all, key=lambda recovery: (recovery.declared, recovery.number), reverse=True)
    shown, note = newest[:INCIDENTS_SHOWN], ""
    if len(newest) > len(shown):
        note = t("The latest {count} of {of}.", count=len(shown), of=len(newest))
    elif not newest and report.population.declared:
        note = t("Too many to list here.")
    heads = (
        t("incident"),
        t("severity"),
        t("title"),
        t("declared"),
        *(clock_words(each, t) for each in SPLIT_CLOCKS),
    )
    return {
        "incident_heads": heads,
        "incidents": [_incident(recovery, report, t, site) for recovery in shown],
        "incidents_note": note,
    }


def _incident(recovery: Recovery, report: Report, t: Translate, site: Site) -> tuple[str, ...]:
    name = incident_name(recovery.number)
    linked = name if site.of_incident is None else _link(site.of_incident(recovery.number), name)
    declared = _moment(recovery.declared, report, t)
    if (reason := not_counted(recovery)) is not None:
        return (
            linked,
            recovery.severity,
            recovery.title,
            declared,
            t("not counted: {reason}", reason=reason),
            "",
        )
    times = []
    for clock in SPLIT_CLOCKS:
        duration = elapsed(recovery, clock, report.as_of)
        words = "–" if duration is None else duration_words(duration.seconds, t)
        times.append(t("{time} so far", time=words) if duration and duration.still_open else words)
    return linked, recovery.severity, recovery.title, declared, *times


def _link(address: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, words)


def _moment(at: datetime, report: Report, t: Translate) -> str:
    return moment(at, report.window.zone, t)


def moment(at: datetime, zone: ZoneInfo, t: Translate) -> str:
    """`Fri 24 Apr 09:00 2026`, by the clock of `zone`."""
    local = at.astimezone(zone)
    return f"{moment_words(local, t)} {local.year}"


def _method(t: Translate) -> list[str]:
    return [
        t("An open incident counts as “at least so long”; the median is then Kaplan and Meier’s."),
        t("What was repaired without being stabilized first counts as stabilized at the repair."),
        t("Medians come with a 95 % interval from order statistics, from 6 finished incidents on."),
        t(
            "Drills, cancelled incidents, duplicates and those written down after the fact are not in the medians."
        ),
        t("Severity is the worst that an incident had. A missing end is never filled in."),
        t(
            "These figures illustrate what happened. They promise nothing, and they say nothing of single people."
        ),
    ]
