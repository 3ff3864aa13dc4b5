"""Reminders as sentences: what was due, since when, and that it comes late when it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.domain.events import Due, ReminderSent
from bot.domain.language import Translate
from bot.domain.reminders import ITEM_DUE, ITEM_SOON, NOBODY_LEADS, STEP_DUE, UPDATE_DUE

LATE = timedelta(
    minutes=2
)  # the clock is looked at every few seconds; later than this something was in the way

Words = Callable[[str], str]


def utc_clock(at: datetime) -> str:
    """Day and time for screens that know no zone."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def reminder_line(
    event: ReminderSent, t: Translate, who: Words, quote: Words, when: Callable[[datetime], str] = utc_clock
) -> str:
    """One sentence for each thing that was due."""
    return "\n".join(_sentence(each, event.at, t, who, quote, when) for each in event.everything)


def _sentence(
    due: Due, now: datetime, t: Translate, who: Words, quote: Words, when: Callable[[datetime], str]
) -> str:
    said = _what(due, t, who, quote, when)
    if due.due is not None and now - due.due > LATE and not due.name.startswith((ITEM_SOON, ITEM_DUE)):
        said += " " + t("This comes late: it was due {when}.", when=when(due.due))
    if due.missed:
        said += " " + t.n(
            "One reminder in between was left out.",
            "{count} reminders in between were left out.",
            due.missed,
        )
    return said


def _what(due: Due, t: Translate, who: Words, quote: Words, when: Callable[[datetime], str]) -> str:
    person = None if due.person is None else who(due.person)
    if due.name == NOBODY_LEADS:
        return t("Reminder: nobody leads yet.")
    if due.name == UPDATE_DUE:
        if person is None:
            return t("Reminder: those who wait should hear from us.")
        return t("Reminder for {who}: those who wait should hear from us.", who=person)
    if due.name.startswith(STEP_DUE):
        if person is None:
            return t("Reminder: this step is due: {step}", step=quote(due.subject))
        return t("Reminder for {who}: this step is due: {step}", who=person, step=quote(due.subject))
    if due.name.startswith(ITEM_SOON):
        return t("Reminder for {who}: due tomorrow: {item}", who=person or "", item=quote(due.subject))
    if due.name.startswith(ITEM_DUE):
        return t("Reminder for {who}: due now: {item}", who=person or "", item=quote(due.subject))
    return t("Reminder: {name}", name=quote(due.name))
