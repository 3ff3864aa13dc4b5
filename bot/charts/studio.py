"""Have charts drawn in another process, so that nobody waits for matplotlib: not the event loop, not the memory.

Drawing takes a second of one core, much of it in C code that lets nothing else run. The process is started for one
order and ends with it; it reads the charts as JSON and writes the pictures.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from bot.domain.metrics.charts import Chart

DRAWING_SECONDS = 60.0  # a second in the usual case; the first time fonts are looked up, ten
Form = Literal["png", "svg"]


class NotDrawn(Exception):
    """The drawing process gave up. The message is its last line."""


@dataclass(frozen=True)
class Order:
    """One picture. `width` in pixels is what it is drawn for: text keeps its size, so a phone gets its own."""

    chart: Chart
    form: Form
    width: int = 960


async def drawn(orders: Sequence[Order]) -> list[bytes]:
    """The pictures, in order; raises NotDrawn."""
    if not orders:
        return []
    written = await asyncio.to_thread(_written, orders)  # thousands of dots take a tenth of a second
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.charts.drawing"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DRAWING_SECONDS):
            pictures, complaint = await process.communicate(written)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        lines = complaint.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise NotDrawn(f"The picture could not be drawn ({lines[-1]}).")
    return [base64.b64decode(line) for line in pictures.splitlines()]


def _written(orders: Sequence[Order]) -> bytes:
    return json.dumps([asdict(order) for order in orders]).encode()
