"""`/flag drill`: switch a flag off and on again where nothing is at stake, to know that and how fast it works."""

from __future__ import annotations

from functools import partial

from bot.domain.vocabulary import Refused
from bot.services.drilling import Drilled, Seen
from bot.slack.flags import place
from bot.slack.text import code, cut
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Typed

KEY_SHOWN = 100


def register(flag: Router, desk: Desk) -> None:
    """Connect the story."""
    flag.verb("drill", partial(_drill, desk))


async def _drill(desk: Desk, typed: Typed) -> str:
    words = typed.text.split()
    if not 1 <= len(words) <= 2:
        raise Refused(
            "Which flag, and where? Type `/flag drill <flag>`, and the environment behind it if there are several. "
            "Nothing was switched."
        )
    environment = words[1] if len(words) == 2 else None
    drilled = await desk.drills.run(typed.actor, cut(words[0], 2 * KEY_SHOWN), environment, key=typed.key)
    return _told(desk, drilled)


def _told(desk: Desk, drilled: Drilled) -> str:
    t, flag = desk.face.t, place(drilled.flag, drilled.environment)
    safe, serves = code(drilled.safe, KEY_SHOWN), code(drilled.serves, KEY_SHOWN)
    if drilled.seconds is None:
        said = t(
            ":warning: {flag} was *not seen* at {safe} in time. Whoever reads it may not see a kill either: look "
            "at how it is served before it is needed.",
            flag=flag,
            safe=safe,
        )
    else:
        said = t(
            "{flag} was held at {safe}, and that was seen after {seconds} s.",
            flag=flag,
            safe=safe,
            seconds=f"{drilled.seconds:.2f}",
        )
    back = (
        t("It serves {serves} again, exactly as before.", serves=serves)
        if drilled.is_back
        else t("*It was not seen to serve {serves} again*: {command}", serves=serves, command=_show(drilled))
    )
    return " ".join([said, back, where_seen(desk, drilled.where)])


def _show(drilled: Drilled) -> str:
    return code(f"/flag show {drilled.flag} {drilled.environment}", 2 * KEY_SHOWN)


def where_seen(desk: Desk, where: Seen) -> str:
    """What was looked at, so that nobody takes it for more."""
    t = desk.face.t
    match where:
        case Seen.STORED:
            return t("Seen in the database: the bot serves no flags here.")
        case Seen.SERVED:
            return t("Seen in what applications get from the bot.")
        case Seen.FILE:
            return t("Seen in the flag file.")
