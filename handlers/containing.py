"""Hold a flag and let go of it: the confirmation first where people work for money, one press after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.bulk import is_several
from bot.domain.commands import ContainFlag, EndContainment, ExtendContainment
from bot.domain.containing import REVIEW_AFTER, for_how_long, review_time
from bot.domain.events import ContainmentExtended, FlagAsked, FlagRestored
from bot.domain.incident import Incident
from bot.domain.rules import decide
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Refused
from bot.services.incidents import Actor
from bot.slack import blocks
from bot.slack.face import Drawing
from bot.slack.flag_card import choices, confirmation
from bot.slack.flags import place
from bot.slack.hints import so_now
from bot.slack.ids import Action, FlagAim, HoldAim, KillAim
from bot.slack.text import code, cut, day_and_clock, without_mentions
from bot.storage.flag_away import AwayMoved
from bot.storage.flag_overrides import FlagMoved
from bot.storage.flags import NoSuchFlag, Terms
from bot.storage.incidents import Outcome
from handlers.answers import pressing, show
from handlers.bulk import listen_to_bulk, offered
from handlers.commands import Router
from handlers.desk import Desk
from handlers.flags import flag_and_place
from handlers.payloads import Body, Typed, actor_of, people_in, press_key, pressed

KEY_SHOWN = 100
WHICH_KILL = Refused(
    "Which flag, and why? Nothing was switched. Type `/flag kill <flag> <reason>`; `/flag show` lists the flags."
)
WHICH_UNDO = Refused("Which flag? Type `/flag undo <flag>`; `/flag show` lists those that are held.")
WHAT_ALONE = Refused(
    "What does the lead do without a second person, and why? Type `/flag override kill <flag> <reason>`, or "
    "`/flag override undo <flag> <reason>`. Nothing was switched."
)


def register(app: AsyncApp, flag: Router, desk: Desk) -> None:
    """Connect the story."""
    flag.verb("kill", partial(_kill, desk))
    flag.verb("undo", partial(_undo, desk))
    flag.verb("extend", partial(_extend, desk))
    flag.verb("keep", partial(_keep, desk))
    flag.verb("permanent", partial(_permanent, desk))
    flag.verb("override", partial(_override, desk))
    _listen_to_cards(app, desk)
    listen_to_bulk(app, desk)

    @app.action(Action.FLAG_UNDO)
    async def undo(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(FlagAim, body)
            await _let_go(desk, actor_of(body), aim, press_key(body))

    @app.action(Action.FLAG_EXTEND)
    async def extend(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim, actor = pressed(FlagAim, body), actor_of(body)
            command = ExtendContainment(
                by=actor.id, flag=aim.flag, environment=aim.environment, review=REVIEW_AFTER
            )
            await desk.containment.change(actor, aim.incident, command, key=press_key(body))

    @app.action(Action.FLAG_AGAIN)
    async def again(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(FlagAim, body)
            here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
            held = here.containment(aim.flag, aim.environment)
            await _hold(desk, actor_of(body), aim, "" if held is None else held.reason, press_key(body))

    @app.action(Action.FLAG_APPROVE)
    async def approve(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(FlagAim, body)
            await _hold(desk, actor_of(body), aim, "", press_key(body))

    @app.action(Action.FLAG_ACCEPT)
    async def accept(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim, actor = pressed(FlagAim, body), actor_of(body)
            reason = desk.face.t("what it serves now was accepted")
            command = EndContainment(
                by=actor.id, flag=aim.flag, environment=aim.environment, reason=reason, owner=actor.id
            )
            await desk.containment.change(actor, aim.incident, command, key=press_key(body))


def _listen_to_cards(app: AsyncApp, desk: Desk) -> None:
    """The confirmation, which only its caller sees: it is replaced by what came of it."""

    @app.action(Action.FLAG_LOOK)
    async def look(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(HoldAim, body)
            if aim.environment not in desk.containment.places.environments:  # a step names no environment
                aim = aim.model_copy(update={"environment": desk.containment.places.default})
            here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
            card = await _card(desk, actor_of(body), here, aim)
            await show(respond, card, replace=_is_private(body))

    @app.action(Action.FLAG_KILL)
    async def kill(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            said = await _confirmed(desk, body, pressed(KillAim, body))
            await show(respond, said, replace=True)

    @app.action(Action.FLAG_LEAVE)
    async def leave(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            await show(respond, _plain(desk.face.t("Nothing was switched.")), replace=True)


def _is_private(body: Body) -> bool:
    """Whether what was pressed is a message for this person alone, which may be replaced."""
    container: dict[str, Any] = body.get("container") or {}
    return bool(container.get("is_ephemeral"))


def _plain(text: str) -> Drawing:
    return Drawing([blocks.section(text)], blocks.notification(text))


async def _kill(desk: Desk, typed: Typed) -> str | Drawing:
    flag, environment, rest = flag_and_place(typed.text, desk.containment.places)
    if not flag:
        raise WHICH_KILL
    if is_several(flag):
        return await offered(desk, typed, flag, environment, rest)
    review, reason = for_how_long(rest)
    if reason:  # it travels in the buttons of the choices; one that is missing is asked for after them
        reason = written(reason, REASON_MAX, WHICH_KILL)
    here = await desk.incidents.of_channel(typed.channel)
    near: list[str] = []
    try:
        flag = await desk.containment.named(cut(flag, KEY_SHOWN * 2), environment)
    except NoSuchFlag as wrong:
        near = wrong.near
    aim = HoldAim(
        incident=here.number,
        flag=cut(flag, KEY_SHOWN * 2),
        environment=environment,
        reason=reason,
        minutes=None if review is None else int(review.total_seconds()) // 60,
    )
    if near:
        return choices(near, aim, desk.face)
    if desk.containment.places.is_production(environment):
        return await _card(desk, typed.actor, here, aim)
    try:
        outcome = await _hold(desk, typed.actor, aim, reason, typed.key, review=review)
    except NoSuchFlag as wrong:
        return choices(wrong.near, aim, desk.face)
    return _held_now(desk, outcome, aim)


async def _card(desk: Desk, actor: Actor, here: Incident, aim: HoldAim, note: str = "") -> Drawing:
    """The confirmation, unless the rules would refuse whatever is pressed on it."""
    try:
        flag = await desk.containment.named(
            aim.flag, aim.environment
        )  # a step of a runbook says its key alone
        aim = aim.model_copy(update={"flag": flag})
        looked = await desk.containment.look(flag, aim.environment)
    except NoSuchFlag as wrong:
        return choices(wrong.near, aim, desk.face)
    written(
        aim.reason,
        REASON_MAX,
        Refused("Say why, for those who read it later: `/flag kill {flag} <reason>`.", flag=aim.flag),
    )
    review = None if aim.minutes is None else timedelta(minutes=aim.minutes)
    asked = ContainFlag(by=actor.id, flag=looked.facts, reason=aim.reason, review=review)
    happens = decide(here, asked, desk.now())
    if not happens:
        return _plain(_already(desk, here, aim))
    asks = any(isinstance(event, FlagAsked) for event in happens)
    return confirmation(looked, aim, here, desk.face, desk.now(), by=actor.id, asks=asks, note=note)


async def _confirmed(desk: Desk, body: Body, aim: KillAim) -> Drawing:
    """What came of pressing the confirmation: done, or shown anew because it is not as it was seen."""
    actor, t = actor_of(body), desk.face.t
    here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
    if aim.by != actor.id:
        raise Refused("That was shown to somebody else, so nothing was switched. Type `/flag kill` yourself.")
    hold = HoldAim(**aim.model_dump(exclude={"by", "token", "until"}))
    if desk.now().timestamp() > aim.until:
        note = t("That was more than two minutes ago, so nothing was switched yet. This is how it is now.")
        return await _card(desk, actor, here, hold, note)
    review = None if aim.minutes is None else timedelta(minutes=aim.minutes)
    try:
        outcome = await _hold(
            desk, actor, aim, aim.reason, press_key(body), review=review, expected=aim.token
        )
    except (FlagMoved, AwayMoved):
        note = t("Somebody changed it meanwhile, so nothing was switched yet. This is how it is now.")
        return await _card(desk, actor, here, hold, note)
    return _plain(_held_now(desk, outcome, aim))


async def _hold(
    desk: Desk,
    actor: Actor,
    aim: FlagAim,
    reason: str,
    key: str,
    *,
    review: timedelta | None = None,
    expected: str | None = None,
) -> Outcome:
    return await desk.containment.kill(
        actor,
        aim.incident,
        flag=aim.flag,
        environment=aim.environment,
        reason=reason,
        key=key,
        terms=Terms(review=review, expected=expected),
    )


def _held_now(desk: Desk, outcome: Outcome, aim: FlagAim) -> str:
    t, flag = desk.face.t, place(aim.flag, aim.environment)
    if any(isinstance(event, FlagAsked) for event in outcome.events):
        return t("{flag} is not switched yet: the channel was asked for a second person.", flag=flag)
    if outcome.incident.being_switched(aim.flag, aim.environment) is not None:
        return t("{flag} is being switched; the channel is told when it is confirmed.", flag=flag)
    held = outcome.incident.containment(aim.flag, aim.environment)
    if held is None:  # delivered again, after somebody has let go of it
        return t("{flag} is held no more.", flag=flag)
    if not outcome.events and not outcome.repeated:
        return _already(desk, outcome.incident, aim)
    said = t(
        "{flag} is held at {safe} for everyone; it served {before}. To undo it: {undo}.",
        flag=flag,
        safe=code(held.safe, KEY_SHOWN),
        before=code(held.before, KEY_SHOWN),
        undo=code(_undo_words(desk, aim), 2 * KEY_SHOWN),
    )
    return so_now(said, outcome.incident, desk.face)


def _undo_words(desk: Desk, aim: FlagAim) -> str:
    words = f"/flag undo {aim.flag}"
    return words if aim.environment == desk.containment.places.default else f"{words} {aim.environment}"


def _already(desk: Desk, here: Incident, aim: FlagAim) -> str:
    held = here.containment(aim.flag, aim.environment)
    return desk.face.t(
        "{flag} is held by {incident} already, since {when}, by {who}.",
        flag=place(aim.flag, aim.environment),
        incident=here.name,
        when="" if held is None else day_and_clock(held.at),
        who="" if held is None else desk.face.person(held.by),
    )


async def _undo(desk: Desk, typed: Typed) -> str:
    flag, environment, rest = flag_and_place(typed.text, desk.containment.places)
    if not flag:
        raise WHICH_UNDO
    here = await desk.incidents.of_channel(typed.channel)
    if rest and rest.casefold() != "force":
        raise Refused(
            "`/flag undo <flag>` takes an environment, or `force`, and nothing else. Nothing was switched."
        )
    flag = await desk.containment.named(flag, environment)
    aim = FlagAim(incident=here.number, flag=flag, environment=environment)
    terms = Terms(force=rest.casefold() == "force")
    return _let_go_words(desk, await _let_go(desk, typed.actor, aim, typed.key, terms), aim)


async def _let_go(desk: Desk, actor: Actor, aim: FlagAim, key: str, terms: Terms | None = None) -> Outcome:
    return await desk.containment.undo(
        actor, aim.incident, flag=aim.flag, environment=aim.environment, key=key, terms=terms or Terms()
    )


def _let_go_words(desk: Desk, outcome: Outcome, aim: FlagAim) -> str:
    flag = place(aim.flag, aim.environment)
    if outcome.incident.being_switched(aim.flag, aim.environment) is not None:
        return desk.face.t("{flag} is being let go; the channel is told when it is confirmed.", flag=flag)
    now = next((event.serves for event in outcome.events if isinstance(event, FlagRestored)), None)
    if now is None:
        said = desk.face.t("{flag} is held no more.", flag=flag)
    else:
        said = desk.face.t(
            "{flag} serves {serves} again for everyone.", flag=flag, serves=code(now, KEY_SHOWN)
        )
    return so_now(said, outcome.incident, desk.face)


async def _extend(desk: Desk, typed: Typed) -> str:
    flag, environment, rest = flag_and_place(typed.text, desk.containment.places)
    if not flag or not rest:
        raise Refused("Which flag, and for how long? Type `/flag extend <flag> 2h`. Nothing was changed.")
    return await _kept(desk, typed, flag, environment, review_time(rest), owner="")


async def _keep(desk: Desk, typed: Typed) -> str:
    """With an owner and a time: what an incident may be closed over."""
    people, text = people_in(typed.text)
    flag, environment, rest = flag_and_place(text, desk.containment.places)
    if not flag or not rest or len(people) != 1:
        raise Refused(
            "Which flag, who answers for it, and for how long? Type `/flag keep <flag> @owner 7d`. Nothing was "
            "changed."
        )
    return await _kept(desk, typed, flag, environment, review_time(rest), owner=people[0])


async def _kept(desk: Desk, typed: Typed, flag: str, environment: str, review: timedelta, owner: str) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    command = ExtendContainment(
        by=typed.actor.id, flag=flag, environment=environment, review=review, owner=owner
    )
    outcome = await desk.containment.change(typed.actor, here.number, command, key=typed.key)
    when = next((each.review_at for each in outcome.events if isinstance(each, ContainmentExtended)), None)
    said = desk.face.t("{flag} stays held.", flag=place(flag, environment))
    if when is not None:
        again = desk.face.t("Somebody looks at it again: {when}", when=day_and_clock(when))
        said = f"{said} {again}."
    return so_now(said, outcome.incident, desk.face)


async def _permanent(desk: Desk, typed: Typed) -> str:
    flag, environment, reason = flag_and_place(without_mentions(typed.text), desk.containment.places)
    if not flag:
        raise Refused("Which flag, and why? Type `/flag permanent <flag> <reason>`. Nothing was changed.")
    here = await desk.incidents.of_channel(typed.channel)
    command = EndContainment(by=typed.actor.id, flag=flag, environment=environment, reason=reason)
    outcome = await desk.containment.change(typed.actor, here.number, command, key=typed.key)
    said = desk.face.t("{flag} stays as it is; the incident answers for it no more.", flag=code(flag))
    return so_now(said, outcome.incident, desk.face)


async def _override(desk: Desk, typed: Typed) -> str:
    """The lead alone, with a reason that the channel reads."""
    verb, _, rest = typed.text.partition(" ")
    flag, environment, reason = flag_and_place(rest.strip(), desk.containment.places)
    if verb not in ("kill", "undo") or not flag or not reason:
        raise WHAT_ALONE
    here = await desk.incidents.of_channel(typed.channel)
    flag = await desk.containment.named(flag, environment)
    aim = FlagAim(incident=here.number, flag=flag, environment=environment)
    if verb == "undo":
        terms = Terms(alone=reason)
        return _let_go_words(desk, await _let_go(desk, typed.actor, aim, typed.key, terms), aim)
    review, reason = for_how_long(reason)
    outcome = await desk.containment.kill(
        typed.actor,
        here.number,
        flag=flag,
        environment=environment,
        reason=reason,
        key=typed.key,
        terms=replace(Terms(review=review), alone=reason),
    )
    return _held_now(desk, outcome, aim)
