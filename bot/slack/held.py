"""The form before an incident closes: what becomes of each flag that it still holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.containing import REVIEW_MOST
from bot.domain.flags import FIRST_ENVIRONMENT, fingerprint
from bot.domain.incident import Containment, Incident
from bot.domain.metrics.wording import duration_words
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Face
from bot.slack.flags import place
from bot.slack.ids import VALUE, Form, HeldAim, HeldPlace, pack
from bot.slack.modals import View, field, form
from bot.slack.text import code, quoted

SHOWN_MOST = (
    8  # flags a form: their keys travel in 3,000 characters of metadata; the next form has the others
)
REASON_SHOWN = 300
DAYS = REVIEW_MOST.days - 1  # what is offered; a whole week from now may end before nine in the morning


class Fate(StrEnum):
    """What can become of a flag that is held."""

    RESTORE = "restore"
    KEEP = "keep"
    PERMANENT = "permanent"


class Asked(StrEnum):
    """What is asked about one flag."""

    FATE = "held"
    OWNER = "held-owner"
    DAY = "held-day"


def held_blank(asked: Asked, held: HeldPlace) -> str:
    """The block of one question about one flag; the same in every drawing, so that what was typed stays there."""
    return f"{asked}-{fingerprint([held.flag, held.environment])[:12]}"


def held_form(
    face: Face, incident: Incident, undecided: Sequence[Containment], now: datetime, note: str = ""
) -> View:
    """Each flag with its three ways. `note` says why something that was chosen was not done."""
    t, shown = face.t, undecided[:SHOWN_MOST]
    first = t.n(
        "*{incident} holds {count} flag.* What becomes of it when the incident is closed?",
        "*{incident} holds {count} flags.* What becomes of them when the incident is closed?",
        len(undecided),
        incident=incident.name,
    )
    places = tuple(HeldPlace(flag=held.flag, environment=held.environment) for held in shown)
    return form(
        Form.HELD,
        pack(HeldAim(incident=incident.number, held=places)),
        title=t("Flags that are held"),
        submit=t("Go on"),
        close=t("Not yet"),
        drawn=[
            *([blocks.section(f":warning: {note}")] if note else []),
            blocks.section(first),
            *(block for held in shown for block in _asked(held, face, now)),
        ],
    )


def _asked(held: Containment, face: Face, now: datetime) -> list[Block]:
    t = face.t
    where = HeldPlace(flag=held.flag, environment=held.environment)
    if held.lost:
        what = t("It is not held any more: it serves {serves}.", serves=code(held.lost, REASON_SHOWN))
    else:
        what = t(
            "Held at {safe} for {time} by {who}: {reason}",
            safe=code(held.safe),
            time=duration_words(max(0.0, (now - held.at).total_seconds()), t),
            who=face.person(held.by),
            reason=quoted(held.reason, REASON_SHOWN),
        )
    name = held.flag if held.environment == FIRST_ENVIRONMENT else f"{held.flag} ({held.environment})"
    person: Block = {"type": "users_select", "action_id": VALUE}
    if held.by.startswith(("U", "W")):
        person["initial_user"] = held.by
    day = (now + timedelta(days=DAYS)).astimezone(face.zone).date()
    return [
        blocks.section(f"*{place(held.flag, held.environment)}*\n{what}"),
        field(
            held_blank(Asked.FATE, where),
            t("What becomes of {flag}?", flag=name),
            blocks.menu(VALUE, _ways(held, face)),
        ),
        field(
            held_blank(Asked.OWNER, where),
            t("Who answers for {flag}, if it stays?", flag=name),
            person,
            optional=True,
        ),
        field(
            held_blank(Asked.DAY, where),
            t("When is {flag} looked at again, if it is kept?", flag=name),
            {"type": "datepicker", "action_id": VALUE, "initial_date": day.isoformat()},
            optional=True,
        ),
    ]


def _ways(held: Containment, face: Face) -> list[Block]:
    t = face.t
    for_good = blocks.option(
        t("Leave it so for good"), Fate.PERMANENT, t("It belongs to its owner; nobody watches it any more.")
    )
    if held.lost:
        return [for_good]
    return [
        blocks.option(
            t("Let go of it now"),
            Fate.RESTORE,
            t("It serves {before} to everyone again.", before=held.before),
        ),
        blocks.option(
            t("Keep it held"), Fate.KEEP, t("Its owner is asked again on that day, and each day after.")
        ),
        for_good,
    ]
