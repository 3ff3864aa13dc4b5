"""Charts come out as pictures, drawn by another process while the event loop goes on."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bot.charts.studio import NotDrawn, Order, drawn
from bot.domain.language import English
from bot.domain.metrics.charts import charts, strip
from tests.domain.metrics import NOON, incident
from tests.domain.metrics.test_charts import WINDOW, finished

KNOWN = [*finished(8), *finished(3, 9, severity="P0"), incident(99)]
STRIP = strip(KNOWN, NOON, English(), window=WINDOW)
BUSY = 20  # ms that drawing may keep the event loop from others


async def test_every_chart_is_drawn_wide_and_narrow() -> None:
    shown = charts(KNOWN, WINDOW, NOON, English(), before=finished(6, 40))
    assert [chart.kind for chart in shown] == ["strip", "weeks", "open", "survival", "counts", "shares"]
    pictures = await drawn([Order(chart, "svg", width) for chart in shown for width in (960, 360)])
    for picture, chart in zip(pictures[::2], shown, strict=True):
        words = " ".join(ElementTree.fromstring(picture).itertext())
        assert chart.title in words


async def test_a_png_is_twice_as_fine_as_it_is_wide() -> None:
    (picture,) = await drawn([Order(STRIP, "png", 800)])
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">I", picture[16:20]) == (1600,)


async def test_the_same_figures_make_the_same_drawing() -> None:
    first, second = await drawn([Order(STRIP, "svg"), Order(STRIP, "svg")])
    assert first == second


async def test_text_that_looks_like_markup_stays_text() -> None:
    chart = replace(STRIP, title="<script>alert(1)</script> $x_1$")
    (picture,) = await drawn([Order(chart, "svg")])
    assert b"<script" not in picture
    assert "$x_1$" in " ".join(ElementTree.fromstring(picture).itertext())


async def test_what_cannot_be_drawn_is_said_in_a_sentence() -> None:
    with pytest.raises(NotDrawn, match="could not be drawn"):
        await drawn([Order(replace(STRIP, kind="moon"), "svg")])  # type: ignore[arg-type]


async def test_nobody_waits_while_it_is_drawn() -> None:
    drawing = asyncio.create_task(drawn([Order(STRIP, "png")]))
    waits = []
    while not drawing.done():
        before = time.thread_time()  # what this thread worked, however busy the machine is
        await asyncio.sleep(0.001)
        waits.append((time.thread_time() - before) * 1000)
    assert await drawing
    assert max(waits) < BUSY
