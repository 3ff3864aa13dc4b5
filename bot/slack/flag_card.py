"""The confirmation before a flag is held, for the caller alone: what is so, and what will be."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.commands import FlagFacts
from bot.domain.containing import CONFIRM_WITHIN, REVIEW_AFTER
from bot.domain.incident import Incident
from bot.domain.metrics.wording import duration_words
from bot.services.containment import Looked
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Drawing, Face
from bot.slack.flags import PERSON_SHOWN, REASON_SHOWN, is_off, since_declared, switch_label
from bot.slack.ids import Action, HoldAim, KillAim, pack
from bot.slack.text import ago, code, quoted
from bot.storage.flag_audit import Line
from bot.storage.flag_log import FlagEvent

DESCRIPTION_SHOWN = 300
KEY_SHOWN = 100  # of a value, in a line among others
WARNINGS_SHOWN = 3  # of what a back-end says of a flag


def confirmation(
    looked: Looked,
    aim: HoldAim,
    incident: Incident,
    face: Face,
    now: datetime,
    *,
    by: str,
    asks: bool,
    note: str = "",
) -> Drawing:
    """`asks`: a second person is needed, so that the button only asks for one. `note` says why it is shown anew."""
    t, facts = face.t, looked.facts
    headline = _headline(facts, face)
    review = REVIEW_AFTER if aim.minutes is None else timedelta(minutes=aim.minutes)
    told = [
        t(
            "Now: {now}. After: {after} for everyone.",
            now=code(facts.serves),
            after=off_or(facts.safe),
        ),
        quoted(looked.description, DESCRIPTION_SHOWN),
        *(f":warning: {quoted(each.by(t), DESCRIPTION_SHOWN)}" for each in looked.warnings[:WARNINGS_SHOWN]),
        t("Reason: {reason}", reason=quoted(aim.reason, REASON_SHOWN)),
        t(
            "Somebody is asked to look at it again after {time}.",
            time=duration_words(review.total_seconds(), t),
        ),
    ]
    small = [
        _last(looked.last, incident, face, now),
        t("Owner: {owner}", owner=quoted(facts.owner, PERSON_SHOWN)) if facts.owner else None,
        practised(looked.drill, face, now),
        t("Here this takes a second person: pressing asks for one.") if asks else None,
    ]
    value = pack(
        KillAim(
            **aim.model_dump(),
            by=by,
            token=looked.token,
            until=int((now + CONFIRM_WITHIN).timestamp()),
        )
    )
    label = t("Ask for a second person") if asks else switch_label(facts.safe, facts.environment, face)
    drawn: list[Block] = [blocks.section(f":warning: {note}")] if note else []
    drawn += [blocks.section("\n".join([headline, *filter(None, told)]))]
    drawn += [blocks.context(*small)] if any(small) else []
    drawn += [
        blocks.actions(
            blocks.button(label, Action.FLAG_KILL, value, danger=True),
            blocks.button(t("Cancel"), Action.FLAG_LEAVE, "cancel"),
        )
    ]
    return Drawing(drawn, blocks.notification(headline))


def choices(near: list[str], aim: HoldAim, face: Face) -> Drawing:
    """The flags that were perhaps meant. Pressing one shows its confirmation; nothing is switched."""
    t = face.t
    text = t(
        "There is no flag {flag}, so nothing was switched. Which one did you mean?", flag=code(aim.flag, 100)
    )
    offered = [
        blocks.section(
            code(key, 100),
            blocks.button(
                t("Look at it"), Action.FLAG_LOOK, pack(aim.model_copy(update={"flag": key})), spoken=key
            ),
        )
        for key in near
    ]
    return Drawing([blocks.section(text), *offered], blocks.notification(text))


def named(environment: str) -> str:
    """The environment's own name behind PRODUCTION, unless that is what it is called."""
    return "" if environment.casefold() == "production" else f" ({environment})"


def off_or(safe: str, shown: int = KEY_SHOWN) -> str:
    """A safe value as the confirmation names it: loud when it means off, and not twice when it is called so."""
    if safe.casefold() == "off":
        return "*OFF*"
    return f"*OFF* ({code(safe, shown)})" if is_off(safe) else code(safe, shown)


def _headline(facts: FlagFacts, face: Face) -> str:
    t, flag, where = face.t, code(facts.key), quoted(facts.environment, PERSON_SHOWN)
    if facts.production:
        return t(":red_circle: *PRODUCTION{environment}*: hold {flag}?", environment=named(where), flag=flag)
    return t(":large_blue_circle: *{environment}*: hold {flag}?", environment=where, flag=flag)


def _last(last: FlagEvent | None, incident: Incident, face: Face, now: datetime) -> str | None:
    """Who changed it last: within the hour before an incident, that is a likely cause."""
    if last is None or not last.at:
        return None
    at = datetime.fromisoformat(last.at)
    when, who = ago(at, now, face.t), quoted(last.actor, PERSON_SHOWN)
    said = face.t("Changed {ago} by {who}.", ago=when, who=who) if who else face.t("Changed {ago}.", ago=when)
    if since_declared(at, incident):
        return face.t("*{said} That is around when the incident began.*", said=said)
    return said


def practised(drill: Line | None, face: Face, now: datetime) -> str | None:
    """How long it took in the last drill until the effect was there, or that it did not come."""
    if drill is None:
        return None
    when = ago(datetime.fromisoformat(drill.at), now, face.t)
    where = quoted(drill.env, PERSON_SHOWN)
    if drill.seconds is None:
        return face.t("*The last drill did not go well* ({environment}, {ago}).", environment=where, ago=when)
    return face.t(
        "Expected time to effect: {seconds} s, as in the last drill ({environment}, {ago}).",
        seconds=f"{drill.seconds:.2f}",
        environment=where,
        ago=when,
    )
