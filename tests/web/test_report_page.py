"""The report as a page: whole in itself, readable without a script, on a phone and by a screen reader."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser

from bot.domain.language import English
from bot.domain.metrics import Recovery, grouped_by, preceding, report_on
from bot.domain.metrics.report import GROUPED_BY
from bot.services.reports import Study
from bot.web.report_page import report_page
from tests.browser import in_one_browser, needs_chromium
from tests.domain.metrics import BERLIN, NOON, incident
from tests.domain.metrics.test_charts import WINDOW, finished
from tests.sandbox.page_window import NARROW, WIDE

NASTY = '</script><img src=x onerror="alert(1)"> $x_1$'


def study(known: list[Recovery]) -> Study:
    earlier = preceding(WINDOW)
    assert earlier is not None
    past = finished(6, 40)
    report = report_on(known, WINDOW, NOON, [grouped_by(name, BERLIN) for name in GROUPED_BY])
    return Study(report, report_on(past, earlier, NOON), tuple(known), tuple(past))


def some() -> list[Recovery]:
    return [
        *finished(8, services=("cart", NASTY), cause="capacity"),
        *finished(3, 9, severity="P0", title=NASTY),
        incident(99, NOON - timedelta(days=12), severity="P0"),
        incident(98, excluded="drill"),
    ]


async def written(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(await report_page(study(some()), English(), language="en"))
    return path


async def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    page = await report_page(study(some()), English(), language="en")
    assert "<script" not in page
    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*""", page) == []
    assert "@import" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "&lt;/script&gt;&lt;img src=x" in page
    for words in (
        "declared → repaired",
        "By cause",
        "A cause is named for 8 of 12.",
        "INC-99",
        "How this is counted",
    ):
        assert words in page
    assert "not counted: drill" in page


async def test_a_window_without_incidents_is_a_page_too() -> None:
    page = await report_page(study([]), English(), language="en")
    assert "None declared is not proof that nothing broke" in page
    assert "<figure" not in page


@pytest.mark.browser
@needs_chromium
@in_one_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_nothing_on_it_is_a_barrier_and_nothing_sticks_out(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"], viewport: dict[str, Any]
) -> None:
    context = await browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    try:
        page = await context.new_page()
        await page.goto((await written(tmp_path)).as_uri())
        for summary in await page.locator("summary").all():
            await summary.click()
        found = await Axe().run(page)
        assert [(v["id"], v["nodes"][0]["target"]) for v in found.response["violations"]] == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert await page.locator("figure svg:visible").count() == 6
    finally:
        await context.close()
