"""The confirmation before several flags are held, for the caller alone: each with what is so and what will be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.bulk import seen_as
from bot.domain.containing import CONFIRM_WITHIN, REVIEW_AFTER
from bot.domain.incident import Incident
from bot.domain.metrics.wording import duration_words
from bot.domain.vocabulary import Refused
from bot.services.bulk import Came, Seen
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Drawing, Face
from bot.slack.flag_card import KEY_SHOWN, named, off_or
from bot.slack.flags import PERSON_SHOWN, REASON_SHOWN, place
from bot.slack.ids import Action, BulkAim, pack
from bot.slack.text import code, cut, quoted

WHY_SHOWN = 600
WARNING_SHOWN = 300  # what a back-end says first of a flag, such as why it cannot be held


def bulk_confirmation(
    seen: Sequence[Seen], aim: BulkAim, face: Face, now: datetime, *, production: bool, note: str = ""
) -> Drawing:
    """One button for all that may be held; the others are named with why, or with what to type."""
    t = face.t
    offered = [(each.flag, seen_as(each.looked.token)) for each in seen if each.is_offered and each.looked]
    until = int((now + CONFIRM_WITHIN).timestamp())
    value = _fitting(aim.model_copy(update={"flags": tuple(offered), "until": until}))
    where = quoted(aim.environment, PERSON_SHOWN)
    if production:
        headline = t(
            ":red_circle: *PRODUCTION{environment}*: hold {count} flags?",
            environment=named(where),
            count=len(offered),
        )
    else:
        headline = t(
            ":large_blue_circle: *{environment}*: hold {count} flags?", environment=where, count=len(offered)
        )
    review = REVIEW_AFTER if aim.minutes is None else timedelta(minutes=aim.minutes)
    told = [
        headline,
        t("Reason: {reason}", reason=quoted(aim.reason, REASON_SHOWN)),
        t(
            "Somebody is asked to look at them again after {time}.",
            time=duration_words(review.total_seconds(), t),
        ),
    ]
    if not offered:
        headline = t("None of these can be held now, so there is nothing to confirm.")
        told = [headline]
    drawn: list[Block] = [blocks.section(f":warning: {note}")] if note else []
    drawn.append(blocks.section("\n".join(told)))
    drawn += [blocks.section(_line(each, aim, face)) for each in seen]
    if offered:
        leave = blocks.button(t("Cancel"), Action.FLAG_LEAVE, "cancel")
        label = t("Hold all {count}", count=len(offered))
        drawn.append(
            blocks.actions(blocks.button(label, Action.FLAG_KILL_SEVERAL, value, danger=True), leave)
        )
    return Drawing(drawn, blocks.notification(headline))


def bulk_answer(came: Sequence[Came], aim: BulkAim, face: Face) -> Drawing:
    """What came of each flag: done, not done and why, or being checked."""
    lines = [_came(each, aim, face) for each in came]
    return Drawing([blocks.section(line) for line in lines], blocks.notification("\n".join(lines)))


def _fitting(aim: BulkAim) -> str:
    """As it travels in the button; raises Refused with the number that fits when it is too long."""
    value, fits = pack(aim), len(aim.flags)
    while fits and len(pack(aim.model_copy(update={"flags": aim.flags[:fits]}))) > blocks.VALUE_MAX:
        fits -= 1
    if fits < len(aim.flags):
        raise Refused(
            "These names are so long that {count} of them fit one confirmation, so nothing was offered and nothing "
            "was switched. Type them in parts.",
            count=fits,
        )
    return value


def _line(seen: Seen, aim: BulkAim, face: Face) -> str:
    t, flag = face.t, place(seen.flag, aim.environment)
    if seen.why is not None or seen.looked is None:
        why = "" if seen.why is None else cut(face.refusal(seen.why), WHY_SHOWN)
        return t("• {flag}: left out. {why}", flag=flag, why=why)
    if seen.held:
        return t("• {flag}: left out, because this incident holds it already.", flag=flag)
    if seen.asks:
        command = code(f"/flag kill {seen.flag} {aim.environment} {aim.reason}", WHY_SHOWN)
        return t(
            "• {flag}: left out, because it takes a second person. Type {command}", flag=flag, command=command
        )
    facts = seen.looked.facts
    said = t(
        "• {flag}: now {now} → after {after} for everyone",
        flag=flag,
        now=code(facts.serves, KEY_SHOWN),
        after=off_or(facts.safe, KEY_SHOWN),
    )
    warned = [f":warning: {quoted(each.by(t), WARNING_SHOWN)}" for each in seen.looked.warnings[:1]]
    return "\n".join([said, *warned])


def _came(came: Came, aim: BulkAim, face: Face) -> str:
    t, flag = face.t, place(came.flag, aim.environment)
    if came.outcome is None:
        why = "" if came.why is None else cut(face.refusal(came.why), WHY_SHOWN)
        return t("• {flag}: *not done*. {why}", flag=flag, why=why)
    incident: Incident = came.outcome.incident
    if incident.being_switched(came.flag, aim.environment) is not None:
        return t("• {flag}: *being checked*; the channel is told when it is confirmed.", flag=flag)
    held = incident.containment(came.flag, aim.environment)
    if held is None:
        return t("• {flag}: *not done*; the channel says what it waits for.", flag=flag)
    return t(
        "• {flag}: *done*, held at {safe} for everyone; it served {before}.",
        flag=flag,
        safe=code(held.safe, KEY_SHOWN),
        before=code(held.before, KEY_SHOWN),
    )
