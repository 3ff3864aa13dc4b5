"""Hold a risky flag at its safe value, and let go of it: `/flag`, `/flag kill`, `/flag undo`, *Undo*."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.events import FlagRestored
from bot.domain.vocabulary import Refused, incident_name
from bot.slack.hints import so_now
from bot.slack.ids import Action, FlagAim
from bot.slack.text import code, cut, quoted
from bot.storage.flags import Flag
from handlers.answers import pressing
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, press_key, pressed

FLAGS_SHOWN = 30  # about what one answer holds; a certain one is shown by its name
DESCRIPTION_SHOWN = 100
KEY_SHOWN = 100


def register(app: AsyncApp, flag: Router, desk: Desk) -> None:
    """Connect the story."""
    flag.verb("", partial(_show, desk))
    flag.verb("show", partial(_show, desk))
    flag.verb("kill", partial(_kill, desk))
    flag.verb("undo", partial(_undo, desk))

    @app.action(Action.FLAG_UNDO)
    async def undo(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(FlagAim, body)
            await desk.incidents.restore(actor_of(body), aim.incident, flag=aim.flag, key=press_key(body))


async def _show(desk: Desk, typed: Typed) -> str:
    t, flags = desk.face.t, await desk.incidents.flags()
    if typed.text:
        flags = [flag for flag in flags if flag.key == typed.text]
        if not flags:
            raise Refused(
                "There is no flag `{flag}`. `/flag show` lists the flags there are.",
                flag=cut(typed.text, KEY_SHOWN),
            )
    if not flags:
        return t(
            "There is no flag yet. On the bot's machine: {command}", command=code("firebreak flag define KEY")
        )
    lines = [_line(desk, flag) for flag in flags[:FLAGS_SHOWN]]
    if len(flags) > FLAGS_SHOWN:
        command = code(t("/flag show <flag>"))
        lines.append(
            t("and {count} more; a certain one: {command}", count=len(flags) - FLAGS_SHOWN, command=command)
        )
    return "\n".join(lines)


def _line(desk: Desk, flag: Flag) -> str:
    t, key, now = desk.face.t, code(flag.key, KEY_SHOWN), code(flag.now, KEY_SHOWN)
    if flag.held_by is None:
        return t(
            "{flag} serves {now}; safe is {safe}. {description}",
            flag=key,
            now=now,
            safe=code(flag.safe, KEY_SHOWN),
            description=quoted(flag.description, DESCRIPTION_SHOWN),
        ).strip()
    return t(
        "{flag} is *held* at {now} by {incident}; otherwise {serves}. {description}",
        flag=key,
        now=now,
        incident=incident_name(flag.held_by),
        serves=code(flag.serves, KEY_SHOWN),
        description=quoted(flag.description, DESCRIPTION_SHOWN),
    ).strip()


async def _kill(desk: Desk, typed: Typed) -> str:
    flag, reason = (*typed.text.split(maxsplit=1), "", "")[:2]
    if not flag:
        raise Refused(
            "Which flag, and why? Nothing was switched. Type `/flag kill <flag> <reason>`; `/flag show` lists "
            "the flags."
        )
    here = await desk.incidents.of_channel(typed.channel)
    outcome = await desk.incidents.contain(typed.actor, here.number, flag=flag, reason=reason, key=typed.key)
    held = outcome.incident.containment(flag)
    if held is None:  # delivered again, after somebody has let go of it
        return desk.face.t("{flag} is held no more.", flag=code(flag, KEY_SHOWN))
    undo = code(f"/flag undo {flag}", 2 * KEY_SHOWN)
    said = desk.face.t(
        "{flag} is held at {safe} for everyone; it served {before}. To undo it: {undo}.",
        flag=code(flag, KEY_SHOWN),
        safe=code(held.safe, KEY_SHOWN),
        before=code(held.before, KEY_SHOWN),
        undo=undo,
    )
    return so_now(said, outcome.incident, desk.face)


async def _undo(desk: Desk, typed: Typed) -> str:
    flag = typed.text
    if not flag:
        raise Refused("Which flag? Type `/flag undo <flag>`; `/flag show` lists those that are held.")
    here = await desk.incidents.of_channel(typed.channel)
    outcome = await desk.incidents.restore(typed.actor, here.number, flag=flag, key=typed.key)
    now = next((event.serves for event in outcome.events if isinstance(event, FlagRestored)), None)
    if now is None:
        said = desk.face.t("{flag} is held no more.", flag=code(flag, KEY_SHOWN))
    else:
        said = desk.face.t(
            "{flag} serves {serves} again for everyone.",
            flag=code(flag, KEY_SHOWN),
            serves=code(now, KEY_SHOWN),
        )
    return so_now(said, outcome.incident, desk.face)
