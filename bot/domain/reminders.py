"""What an incident will want to be reminded of, and when. Drawn from its state after every event; pure.

All of it is reckoned in UTC, so that clocks which change in spring and autumn move nothing; only the morning of an
action item's day is looked up in the zone of the house.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.events import Due
from bot.domain.incident import BEGUN_BY, Containment, Incident, Item
from bot.domain.questions import ActionItem
from bot.domain.vocabulary import Phase, Severity, StepState

# Stored: the names of reminders. Those of steps and action items end with the step's id or the item's number.
NOBODY_LEADS = "nobody_leads"
UPDATE_DUE = "update_due"
STEP_DUE = "step_due:"
ITEM_SOON = "item_soon:"
ITEM_DUE = "item_due:"
FLAG_REVIEW = "flag_review:"  # and then the environment, the flag, and how often it was asked before

# A P0 or P1 that nobody leads is the first thing to go wrong; five minutes is what people need to sit down.
LEAD_WITHIN = {Severity.P0: timedelta(minutes=5), Severity.P1: timedelta(minutes=5)}
MORNING = time(
    9, 0
)  # when people plan their day: an action item is remembered then, the day before and on its day


def wanted(incident: Incident) -> dict[str, datetime]:
    """Name and time of every reminder still to come; one that was sent is not wanted again."""
    coming = _reviews(incident)  # of a closed incident too: a flag is not let go of because nobody looks
    if not incident.version or incident.origin is not None:
        return coming
    if incident.action_items:
        coming.update(_of_action_items(incident))
    if not incident.is_closed:
        coming.update(_while_open(incident))
    reminded = incident.reminded
    return {name: at for name, at in coming.items() if name not in reminded} if reminded else coming


def review_name(held: Containment) -> str:
    """The reminder to look at a flag that is held."""
    return f"{FLAG_REVIEW}{held.environment}/{held.flag}#{held.reminded}"


def reviewed(incident: Incident, name: str) -> Containment | None:
    """Which flag this reminder is about; None when it is about none that is held."""
    return next((held for held in incident.containments if review_name(held) == name), None)


def _reviews(incident: Incident) -> dict[str, datetime]:
    return {
        review_name(held): held.next_review
        for held in incident.containments
        if held.next_review is not None and not held.lost
    }


def _while_open(incident: Incident) -> Iterator[tuple[str, datetime]]:
    within = LEAD_WITHIN.get(incident.severity)
    if within is not None and incident.commander is None:
        yield NOBODY_LEADS, incident.declared_at + within
    update = _next_update(incident)
    if update is not None:
        yield UPDATE_DUE, update
    phase, still_open, snoozed = incident.phase, StepState.OPEN, incident.snoozed
    for item in incident.items:
        if item.phase is phase and item.state is still_open and item.step.due_after is not None:
            due, name = incident.due(item), STEP_DUE + item.step.id
            if due is not None:
                yield name, snoozed.get(name, due)


def _next_update(incident: Incident) -> datetime | None:
    """When those who wait must hear something: as promised, else as often as an unstable incident asks.

    A promise is for the phase that it was made in. Without an update the reminder comes again as often.
    """
    if UPDATE_DUE in incident.snoozed:
        return incident.snoozed[UPDATE_DUE]
    began = incident.milestones.get(BEGUN_BY[incident.phase], incident.declared_at)
    update = incident.update if incident.update is not None and incident.update.at >= began else None
    every = update_every(incident)
    reminded = incident.reminded_at.get(UPDATE_DUE)
    if reminded is not None:
        return None if every is None else reminded + every
    if update is not None and update.next_at is not None:
        return update.next_at
    return None if every is None else (began if update is None else update.at) + every


def update_every(incident: Incident) -> timedelta | None:
    """How long those who wait may hear nothing; None once it is stable, or where nobody waits."""
    minutes = incident.customs.update_every.get(incident.severity, 0)
    return timedelta(minutes=minutes) if minutes and incident.phase is Phase.STABILIZE else None


def _of_action_items(incident: Incident) -> Iterator[tuple[str, datetime]]:
    """The morning before and the morning of its day; the first only when there is a morning in between."""
    zone = ZoneInfo(incident.customs.zone)
    for item in incident.action_items:
        if item.done_at is not None:
            continue
        before, name = _morning(item, zone, -1), f"{ITEM_DUE}{item.number}"
        if name not in incident.reminded and (item.added_at is None or before > item.added_at):
            yield f"{ITEM_SOON}{item.number}", before
        yield name, incident.snoozed.get(name, _morning(item, zone, 0))


def _morning(item: ActionItem, zone: ZoneInfo, days: int) -> datetime:
    return datetime.combine(item.due + timedelta(days=days), MORNING, tzinfo=zone).astimezone(UTC)


def item_of(incident: Incident, name: str) -> ActionItem | None:
    """The action item that a reminder is about, or None."""
    for start in (ITEM_SOON, ITEM_DUE):
        number = name.removeprefix(start)
        if number != name and number.isdecimal():
            return next((each for each in incident.action_items if each.number == int(number)), None)
    return None


def step_of(incident: Incident, name: str) -> Item | None:
    """The step that a reminder is about, or None."""
    return incident.item(name.removeprefix(STEP_DUE)) if name.startswith(STEP_DUE) else None


def due_by(incident: Incident, names: Iterable[str], now: datetime) -> list[list[Due]]:
    """What of `names` is wanted and due, longest overdue first: a list for the channel, and one for each owner.

    Each list is told in one message; a flag that is held is asked about in one of its own, which has its buttons.
    The day before is left out when the day itself has come.
    """
    coming = wanted(incident)
    due = {name: coming[name] for name in names if name in coming and coming[name] <= now}
    channel: list[Due] = []
    owners: dict[str, list[Due]] = {}
    reviews: list[list[Due]] = []
    for name, at in sorted(due.items(), key=lambda each: each[1]):
        item = item_of(incident, name)
        if name.startswith(FLAG_REVIEW):
            reviews.append([Due(name=name, due=at)])
        elif item is None:
            channel.append(_about(incident, name, at, now))
        elif name.startswith(ITEM_DUE) or f"{ITEM_DUE}{item.number}" not in due:
            told = Due(name=name, due=at, subject=item.text, person=item.owner)
            owners.setdefault(item.owner, []).append(told)
    return [told for told in (channel, *owners.values(), *reviews) if told]


def _about(incident: Incident, name: str, at: datetime, now: datetime) -> Due:
    step = step_of(incident, name)
    if step is not None:
        return Due(name=name, due=at, subject=step.step.text, person=step.assignee or incident.commander)
    if name == UPDATE_DUE:
        every = update_every(incident)
        missed = 0 if every is None else int((now - at) / every)
        return Due(name=name, due=at, person=incident.commander, missed=missed)
    return Due(name=name, due=at)
