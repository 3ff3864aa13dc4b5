"""Draw charts with matplotlib: `python -m bot.charts.drawing`, JSON orders in, a base64 line a picture out.

Colours are Okabe and Ito's, which people with every kind of colour vision tell apart; each severity has a shape
as well, what is open is hollow, and what is stale is hatched.
"""

from __future__ import annotations

import base64
import io
import json
import math
import re
import sys
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

INK, FAINT, GRID = "#1d1c1d", "#565a60", "#d9dce0"
SEVERITY = {  # colour and shape
    "P0": ("#a3290b", "s"),
    "P1": ("#d55e00", "^"),
    "P2": ("#0072b2", "o"),
    "P3": ("#007a5a", "D"),
    "P4": ("#6b4f9e", "v"),
}
OTHER = ("#565a60", "o")
DPI = 100  # of the layout; PNGs are drawn twice as fine, for the screens of phones
FINE = 2
NARROW = 520  # pixels: below it labels stand above their rows
ROW = 54  # pixels
FEW = 20  # columns that still have room for their numbers
CROWD = 100  # dots in a row from which on they are smaller
Data = dict[str, Any]


def draw(order: Data) -> bytes:
    """One picture as PNG or SVG."""
    chart, width = order["chart"], order["width"]
    figure = Figure(
        figsize=(width / DPI, _height(chart, width < NARROW) / DPI),
        dpi=DPI,
        layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08),
    )
    axes = figure.add_subplot()
    DRAW[chart["kind"]](axes, chart, width < NARROW)
    _frame(axes, chart, width)
    return _png(figure, chart) if order["form"] == "png" else _svg(figure, chart)


def _height(chart: Data, narrow: bool) -> int:
    rows = len(chart["rows"])
    match chart["kind"]:
        case "strip" | "shares":
            return 150 + ROW * rows
        case "open":
            return 150 + (ROW if narrow else 30) * rows
        case _:
            return 360


def _frame(axes: Axes, chart: Data, width: int) -> None:
    figure = axes.get_figure(root=True)
    if figure is None:
        raise AssertionError("the axes were made by a figure")
    title = "\n".join(_folded(chart["title"], width // 11))
    if chart["subtitle"]:
        axes.set_title(
            "\n".join(_folded(chart["subtitle"], width // 8)), loc="left", fontsize=10, color=FAINT
        )
    figure.suptitle(title, x=8 / width, ha="left", fontsize=13, fontweight="bold", color=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=10, length=0)
    lines = axes.get_legend_handles_labels()[0]
    marks = lines + [_mark(kind, words, chart["kind"]) for kind, words in chart["legend"]]
    if marks:
        columns = 1 if lines and width < NARROW else 2 if width < NARROW else 7
        figure.legend(handles=marks, loc="outside lower left", ncols=columns, frameon=False, fontsize=10)


def _folded(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _mark(kind: str, words: str, chart: str) -> Line2D | Patch:
    if kind == "stale":
        return Patch(facecolor="white", edgecolor=INK, hatch="////", label=words)
    if kind == "median" and chart == "weeks":
        return Line2D([], [], color=INK, linewidth=1.6, marker="o", markersize=8, label=words)
    if kind == "median":
        return Line2D(
            [], [], color=INK, linewidth=2, marker="|", markersize=12, markeredgewidth=3, label=words
        )
    colour, shape = (INK, "o") if kind == "open" else SEVERITY.get(kind, OTHER)
    face = "white" if kind == "open" else colour
    return Line2D([], [], linestyle="", marker=shape, color=colour, markerfacecolor=face, label=words)


def _time_axis(axes: Axes, chart: Data, axis: Literal["x", "y"] = "x", *, narrow: bool = False) -> None:
    """Logarithmic, with marks that people think in; on a phone every other one has words."""
    seconds = [at for at, _ in chart["ticks"]]
    skipped = 2 if narrow and len(seconds) > 5 else 1
    words = ["" if place % skipped else text for place, (_, text) in enumerate(chart["ticks"])]
    low, high = seconds[0] / 1.3, seconds[-1] * 1.3
    if axis == "x":
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_xticks(seconds, words)
        axes.set_xticks([], minor=True)
        axes.set_xlabel(chart["axis"], color=FAINT, fontsize=10, loc="left")
    else:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        axes.set_yticks(seconds, words)
        axes.set_yticks([], minor=True)
        axes.set_ylabel(chart["axis"], color=FAINT, fontsize=10)
    axes.grid(axis=axis, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _spread(count: int, room: float) -> list[float]:
    """Offsets that keep dots apart, the same in every drawing: the golden ratio fills a line evenly."""
    return [((place * 0.6180339887 + 0.5) % 1 - 0.5) * room * min(1, count / 8) for place in range(count)]


def _dots(axes: Axes, dots: list[Data], at: float, *, upright: bool = False, room: float = 0.4) -> None:
    """Those that look alike are drawn at once: a thousand single ones take seconds."""
    size = 42 if len(dots) < CROWD else 18
    alike: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for dot, off in zip(dots, _spread(len(dots), room), strict=True):
        alike.setdefault((dot["severity"], dot["open"]), []).append((max(1, dot["seconds"]), at + off))
    for (severity, is_open), places in alike.items():
        colour, shape = SEVERITY.get(severity, OTHER)
        times, across = zip(*places, strict=True)
        x, y = (across, times) if upright else (times, across)
        face = "white" if is_open else colour
        axes.scatter(x, y, s=size, marker=shape, facecolors=face, edgecolors=colour, alpha=0.85, zorder=3)


def _figure(axes: Axes, row: Data, at: float, *, upright: bool = False, size: int = 70) -> None:
    """The median and its interval."""
    if row["value"] is None:
        return
    start, end = axes.get_ylim() if upright else axes.get_xlim()
    low, high = row["low"], end if row["high"] is None else row["high"]
    if upright:
        axes.scatter([at], [row["value"]], s=size, color=INK, zorder=5)
    else:
        axes.plot([row["value"]] * 2, [at - 0.27, at + 0.27], color=INK, linewidth=3, zorder=5)
    if low is not None:
        ends = [max(low, start), high]
        axes.plot(*(([at, at], ends) if upright else (ends, [at, at])), color=INK, linewidth=1.6, zorder=4)


def _row_labels(axes: Axes, rows: list[Data], narrow: bool) -> None:
    """Names to the left and notes to the right; on a phone both above the row."""
    places = range(len(rows))
    axes.set_ylim(len(rows) - 0.5, -0.7)
    if not narrow:
        axes.set_yticks(places, [row["label"] for row in rows])
        right = axes.secondary_yaxis("right")
        right.set_yticks(places, [row["note"] for row in rows])
        right.spines["right"].set_visible(False)
        right.tick_params(length=0, labelsize=10, colors=FAINT)
        return
    axes.set_yticks([])
    for place, row in zip(places, rows, strict=True):
        axes.text(
            0,
            place - 0.32,
            f"{row['label']}: {row['note']}",
            transform=axes.get_yaxis_transform(),
            fontsize=9,
            va="bottom",
        )


def _strip(axes: Axes, chart: Data, narrow: bool) -> None:
    _time_axis(axes, chart, narrow=narrow)
    _row_labels(axes, chart["rows"], narrow)
    for place, row in enumerate(chart["rows"]):
        _dots(axes, row["dots"], place)
        _figure(axes, row, place)


def _week_labels(axes: Axes, rows: list[Data], narrow: bool) -> None:
    widest = max(len(row["label"]) for row in rows)
    room = 26 if narrow else 84  # characters side by side
    step = max(1, math.ceil(len(rows) * (widest + 2) / room))
    places = list(range(len(rows) - 1, -1, -step))[::-1]
    axes.set_xticks(places, [rows[place]["label"] for place in places])
    axes.set_xlim(-0.7, len(rows) - 0.3)


def _weeks(axes: Axes, chart: Data, narrow: bool) -> None:
    _time_axis(axes, chart, "y")
    _week_labels(axes, chart["rows"], narrow)
    for place, row in enumerate(chart["rows"]):
        if row["low"] is None:
            _dots(axes, row["dots"], place, upright=True)
        else:
            _figure(axes, row, place, upright=True, size=70 if len(chart["rows"]) <= FEW else 24)


def _open(axes: Axes, chart: Data, narrow: bool) -> None:
    _time_axis(axes, chart, narrow=narrow)
    rows = chart["rows"]
    left = axes.get_xlim()[0]
    _row_labels(axes, rows, narrow)
    for place, row in enumerate(rows):
        colour, _ = SEVERITY.get(row["severity"], OTHER)
        face, hatch = ("white", "////") if row["stale"] else (colour, None)
        axes.barh(
            place,
            max(1, row["value"]) - left,
            left=left,
            height=0.6,
            color=face,
            edgecolor=colour,
            hatch=hatch,
        )


def _survival(axes: Axes, chart: Data, narrow: bool) -> None:
    _time_axis(axes, chart, narrow=narrow)
    styles = (("#0072b2", "-"), ("#d55e00", "--"))
    left, _ = axes.get_xlim()
    for row, (colour, line) in zip(chart["rows"], styles, strict=False):
        times = [left, *(max(1, at) for at, _ in row["steps"])]
        shares = [1.0, *(share for _, share in row["steps"])]
        axes.step(
            times,
            shares,
            where="post",
            color=colour,
            linestyle=line,
            linewidth=2,
            label=f"{row['label']}, {row['note']}",
        )
    _percent(axes)


def _percent(axes: Axes) -> None:
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="y", color=GRID, linewidth=0.8)


def _counts(axes: Axes, chart: Data, narrow: bool) -> None:
    rows = chart["rows"]
    _week_labels(axes, rows, narrow)
    for place, row in enumerate(rows):
        axes.plot([place, place], [row["low"], row["high"]], color=FAINT, linewidth=1.6)
        axes.scatter([place], [row["value"]], color="#0072b2", s=42 if len(rows) <= FEW else 20, zorder=3)
        if len(rows) <= (8 if narrow else FEW):
            axes.annotate(
                row["note"],
                (place, row["value"]),
                xytext=(6, 3),
                textcoords="offset points",
                fontsize=10,
                color=INK,
            )
    axes.set_ylim(0, None)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.set_ylabel(chart["axis"], color=FAINT, fontsize=10)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _shares(axes: Axes, chart: Data, narrow: bool) -> None:
    _row_labels(axes, chart["rows"], narrow)
    for place, row in enumerate(chart["rows"]):
        axes.plot([row["low"], row["high"]], [place, place], color=FAINT, linewidth=2)
        axes.scatter([row["value"]], [place], color="#0072b2", s=60, zorder=3)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel(chart["axis"], color=FAINT, fontsize=10, loc="left")
    axes.grid(axis="x", color=GRID, linewidth=0.8)


DRAW = {
    "strip": _strip,
    "weeks": _weeks,
    "open": _open,
    "survival": _survival,
    "counts": _counts,
    "shares": _shares,
}


def _png(figure: Figure, chart: Data) -> bytes:
    written = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(
        written,
        format="png",
        dpi=FINE * DPI,
        facecolor="white",
        metadata={"Title": chart["title"], "Software": None},
    )
    return written.getvalue()


def _svg(figure: Figure, chart: Data) -> bytes:
    """The bare element, to stand inside a page: it scales, and is an image with a name to a screen reader."""
    written = io.BytesIO()
    FigureCanvasSVG(figure).print_figure(written, format="svg", facecolor="none", metadata={"Date": None})
    drawn = written.getvalue().decode()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    size = re.match(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt"', drawn) or re.match(
        r'<svg[^>]*? height="([\d.]+)pt"[^>]*? width="([\d.]+)pt"', drawn
    )
    if size is None:
        raise AssertionError("matplotlib writes its size in points")
    drawn = re.sub(r' (?:width|height)="[\d.]+pt"', "", drawn, count=2)
    return drawn.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1).encode()


def main() -> None:
    """Read orders, write pictures."""
    mpl.rcParams.update(
        {
            "svg.fonttype": "none",  # text stays text: small, sharp and selectable
            "svg.hashsalt": "firebreak",  # the same figures make the same file
            "text.parse_math": False,  # a dollar is a dollar
            "font.family": ["DejaVu Sans"],
            "hatch.linewidth": 0.8,
        }
    )
    for order in json.load(sys.stdin):
        sys.stdout.write(base64.b64encode(draw(order)).decode() + "\n")


if __name__ == "__main__":
    main()
