"""Texts as fields of a CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of a formula


def quoted(text: str) -> str:
    """A text as a field of a CSV that no spreadsheet calculates; `unquoted` takes it back."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text
