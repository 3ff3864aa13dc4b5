"""Figures before and after, on the card and where it is said that the incident is closed."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.measure_words import pairs, value_words
from bot.slack.face import Face
from bot.slack.text import code, quoted

FIGURES_SHOWN = 5  # on the card; the export has them all
FIGURE_SHOWN = 150  # characters of a name or a value with its unit, escaped


def measured(incident: Incident, face: Face) -> list[str]:
    """A headline and a line a figure; nothing where nobody measured anything."""
    t, known = face.t, pairs(incident.measures)
    if not known:
        return []
    told = []
    for pair in known[:FIGURES_SHOWN]:
        before, after = (
            quoted(value_words(side), FIGURE_SHOWN) if side is not None else t("not measured")
            for side in (pair.before, pair.after)
        )
        name = quoted(pair.name, FIGURE_SHOWN)
        told.append(t("• {name}: {before} before, {after} after", name=name, before=before, after=after))
    if len(known) > FIGURES_SHOWN:
        command = code(f"firebreak export {incident.name}")
        told.append(t("and {count} more: {command}", count=len(known) - FIGURES_SHOWN, command=command))
    return [t("*Before and after* (of this incident alone; no promise):"), *told]
