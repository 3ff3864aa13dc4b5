"""Hold several flags with one press: `/flag kill a,b,c <reason>`, a confirmation of all of them, one button."""

from __future__ import annotations

from datetime import timedelta

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.bulk import several
from bot.domain.containing import for_how_long
from bot.domain.incident import Incident
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Refused
from bot.services.bulk import Bulk
from bot.slack.bulk_card import bulk_answer, bulk_confirmation
from bot.slack.face import Drawing
from bot.slack.ids import Action, BulkAim
from bot.storage.flags import Terms
from handlers.answers import pressing, show
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, press_key, pressed

WHY = Refused(
    "Say why, for those who read it later: `/flag kill <flag>,<flag> <reason>`. Nothing was switched."
)


def listen_to_bulk(app: AsyncApp, desk: Desk) -> None:
    """The confirmation, which only its caller sees: it is replaced by what came of it."""

    @app.action(Action.FLAG_KILL_SEVERAL)
    async def kill_several(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            await show(respond, await _confirmed(desk, body, pressed(BulkAim, body)), replace=True)


async def offered(desk: Desk, typed: Typed, word: str, environment: str, rest: str) -> Drawing:
    """The confirmation of all that was typed, also outside production: many flags are many chances of a slip."""
    keys = several(word)
    review, reason = for_how_long(rest)
    here = await desk.incidents.of_channel(typed.channel)
    reason = written(reason, REASON_MAX, WHY)
    names = await _bulk(desk).resolved(keys, environment)
    aim = BulkAim(
        incident=here.number,
        flags=tuple((name, "") for name in names),
        environment=environment,
        reason=reason,
        minutes=None if review is None else int(review.total_seconds()) // 60,
        by=typed.actor.id,
        until=0,
    )
    return await _card(desk, here, aim)


async def _card(desk: Desk, here: Incident, aim: BulkAim, note: str = "") -> Drawing:
    flags = [flag for flag, _ in aim.flags]
    seen = await _bulk(desk).see(
        here, flags, aim.environment, by=aim.by, reason=aim.reason, review=_review(aim)
    )
    production = desk.containment.places.is_production(aim.environment)
    return bulk_confirmation(seen, aim, desk.face, desk.now(), production=production, note=note)


async def _confirmed(desk: Desk, body: Body, aim: BulkAim) -> Drawing:
    actor, t = actor_of(body), desk.face.t
    if aim.by != actor.id:
        raise Refused("That was shown to somebody else, so nothing was switched. Type `/flag kill` yourself.")
    if desk.now().timestamp() > aim.until:
        here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
        note = t("That was more than two minutes ago, so nothing was switched yet. This is how it is now.")
        return await _card(desk, here, aim, note)
    came = await _bulk(desk).kill(
        actor,
        aim.incident,
        aim.flags,
        environment=aim.environment,
        reason=aim.reason,
        key=press_key(body),
        terms=Terms(review=_review(aim)),
    )
    return bulk_answer(came, aim, desk.face)


def _bulk(desk: Desk) -> Bulk:
    return Bulk(desk.containment, now=desk.now)


def _review(aim: BulkAim) -> timedelta | None:
    return None if aim.minutes is None else timedelta(minutes=aim.minutes)
