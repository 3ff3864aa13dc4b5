"""Figures beside their bars: printed for people, written as JSON for machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One line of the table. `bar` is what it should keep to; `at_least` turns it round; None: only told."""

    name: str
    value: float
    bar: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        if self.bar is None:
            return None
        return self.value >= self.bar if self.at_least else self.value <= self.bar


def show(figures: list[Figure], out: Path) -> None:
    """Print the table and write it to `out`."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        bar = "" if figure.bar is None else f"  {sign} {figure.bar:g}  {'met' if figure.ok else 'MISSED'}"
        print(f"{figure.name:<{width}}  {figure.value:9.2f}{bar}")
    out.parent.mkdir(exist_ok=True)
    kept = [
        {"name": each.name, "value": round(each.value, 3), "bar": each.bar, "ok": each.ok} for each in figures
    ]
    out.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    print(f"\nwritten to {out}")
