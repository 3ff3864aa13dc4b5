"""Answer for something: claim a role, give one to somebody, hand one over. Words, and the menu on the card."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.commands import AssignRole, Command, HandOver, TakeRole
from bot.domain.naming import role_word
from bot.domain.vocabulary import Refused, Role
from bot.slack.hints import so_now
from bot.slack.ids import Action, RoleAim
from bot.slack.text import mention
from handlers.answers import pressing
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, people_in, press_key, pressed

# What people call the roles elsewhere, beside the names that are stored.
CALLED = {
    "lead": Role.COMMANDER,
    "ic": Role.COMMANDER,
    "comms": Role.COMMUNICATIONS,
    "communication": Role.COMMUNICATIONS,
    **{role.value: role for role in Role},
}
WHICH_ROLE = Refused(
    "Which role? Type `/incident role scribe`: there are lead, communications, scribe and responder."
)
TO_WHOM_ASSIGNED = Refused(
    "Which role, and to whom? Type `/incident assign scribe @name`, and choose the person from Slack's list."
)
TO_WHOM_HANDED = Refused("To whom? Type `/incident handover @name`, and choose the person from Slack's list.")


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("role", partial(_take, desk))
    incident.verb("assign", partial(_assign, desk))
    incident.verb("handover", partial(_hand_over, desk))

    @app.action(Action.TAKE_ROLE)
    async def take(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim, actor = pressed(RoleAim, body), actor_of(body)
            command = TakeRole(by=actor.id, role=aim.role)
            await desk.incidents.carry_out(actor, aim.incident, command, key=press_key(body))


async def _take(desk: Desk, typed: Typed) -> str:
    role = _role(typed.text)
    if role is None:
        raise WHICH_ROLE
    return await _done(desk, typed, TakeRole(by=typed.actor.id, role=role), role)


async def _assign(desk: Desk, typed: Typed) -> str:
    people, rest = people_in(typed.text)
    role = _role(rest)
    if role is None or len(people) != 1:
        raise TO_WHOM_ASSIGNED
    return await _done(desk, typed, AssignRole(by=typed.actor.id, role=role, person=people[0]), role)


async def _hand_over(desk: Desk, typed: Typed) -> str:
    people, rest = people_in(typed.text)
    role = _role(rest)
    if len(people) != 1 or (rest and role is None):
        raise TO_WHOM_HANDED
    return await _done(desk, typed, HandOver(by=typed.actor.id, role=role, person=people[0]), role)


def _role(word: str) -> Role | None:
    return CALLED.get(word.strip().casefold())


async def _done(desk: Desk, typed: Typed, command: Command, role: Role | None) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    t, after = desk.face.t, outcome.incident
    said = [
        t(
            "{role}: {who}.",
            role=role_word(each, t).capitalize(),
            who=", ".join(map(mention, after.holders(each))),
        )
        for each in Role
        if after.holders(each) and role in (None, each)
    ]
    return so_now(" ".join(said), after, desk.face)
