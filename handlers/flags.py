"""Look at flags: `/flag` for what is held and what changed, `/flag find`, `/flag show`, `/flag log`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from bot.domain.away import is_away
from bot.domain.commands import FlagFacts
from bot.domain.vocabulary import Refused, incident_name, incident_number
from bot.services.containment import Places
from bot.slack.flag_card import practised
from bot.slack.flags import place
from bot.slack.text import ago, code, cut, mention, quoted
from bot.storage.flag_audit import Act, Line, Step
from bot.storage.flag_log import FlagEvent, Kind
from bot.storage.flags import Flag
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Typed

FLAGS_SHOWN = 30  # about what one answer holds; a certain one is shown by its name
LINES_SHOWN = 20  # of the audit
DESCRIPTION_SHOWN = 100
REASON_SHOWN = 150
KEY_SHOWN = 100


def register(flag: Router, desk: Desk) -> None:
    """Connect the story."""
    flag.verb("", partial(_overview, desk))
    flag.verb("show", partial(_show, desk))
    flag.verb("find", partial(_find, desk))
    flag.verb("log", partial(_log, desk))


def flag_and_place(typed: str, places: Places) -> tuple[str, str, str]:
    """`checkout-v2 staging why` is the flag, the environment and the rest; the default one where none is named."""
    words = typed.split(maxsplit=2)
    if len(words) > 1 and words[1] in places.environments:
        return words[0], words[1], words[2] if len(words) > 2 else ""
    key, _, rest = typed.partition(" ")
    return key, places.default, rest.strip()


async def _overview(desk: Desk, typed: Typed) -> str:
    """What is held now, and what changed in the last day: the first question of an incident."""
    t, seen = desk.face.t, await desk.containment.overview()
    if not seen.held and not seen.changes:
        return await _show(desk, typed)
    lines = [t("*Held now:*")] if seen.held else [t("No flag is held.")]
    hidden = await _hidden(desk, typed, [*seen.held, *seen.changes])
    lines += [f"• {_line(desk, flag, hidden)}" for flag in seen.held[:FLAGS_SHOWN]]
    if seen.changes:
        lines.append(t("*Changed in the last 24 hours:*"))
        lines += [f"• {_change(desk, change, hidden)}" for change in seen.changes]
    return "\n".join(lines)


async def _hidden(desk: Desk, typed: Typed, told: Sequence[Flag | FlagEvent | FlagFacts]) -> set[int]:
    """The private incidents among them that are not for whoever asks: their numbers are not said."""
    numbers = [each.incident if isinstance(each, FlagEvent) else each.held_by for each in told]
    return await desk.incidents.hidden(typed.actor.id, [number for number in numbers if number is not None])


async def _show(desk: Desk, typed: Typed) -> str:
    t = desk.face.t
    key, environment, rest = flag_and_place(typed.text, desk.containment.places)
    if key and not rest:
        return await _one(desk, typed, key, environment)
    if key in desk.containment.places.environments or not key:
        found = await desk.containment.everything(key or environment)
    else:
        environment = desk.containment.places.named(rest)
        return await _one(desk, typed, key, environment)
    if not found:
        return t(
            "There is no flag yet. On the bot's machine: {command}", command=code("firebreak flag define KEY")
        )
    return await _listed(desk, typed, found)


async def _one(desk: Desk, typed: Typed, key: str, environment: str) -> str:
    """Everything about one flag; values are shown by the names of variants alone."""
    if key in desk.containment.places.environments:
        found = await desk.containment.everything(key)
        if found:
            return await _listed(desk, typed, found)
    key = await desk.containment.named(key, environment)
    if is_away(key):
        return await _one_away(desk, typed, key, environment)
    flag = next((each for each in await desk.containment.everything(environment) if each.key == key), None)
    if flag is None:
        raise Refused(
            "There is no flag `{flag}`. `/flag show` lists the flags there are.", flag=cut(key, KEY_SHOWN)
        )
    history = await desk.containment.history(key, environment)
    hidden = await _hidden(desk, typed, [flag, *history])
    t, lines = desk.face.t, [_line(desk, flag, hidden)]
    lines += [f"• {_change(desk, change, hidden)}" for change in history]
    metadata = await desk.containment.metadata(key, environment)
    if "owner" in metadata:
        lines.append(t("Owner: {owner}", owner=quoted(str(metadata["owner"]), KEY_SHOWN)))
    drill = practised(await desk.containment.last_drill(key), desk.face, desk.now())
    lines.append(drill or t("Never drilled: {command}", command=code(f"/flag drill {key}", 2 * KEY_SHOWN)))
    return "\n".join(lines)


async def _find(desk: Desk, typed: Typed) -> str:
    if not typed.text:
        raise Refused("What do you look for? Type `/flag find <words>`.")
    found = await desk.containment.find(typed.text)
    lines = await _found_away(desk, typed.text)
    if lines:
        return "\n".join([*([await _listed(desk, typed, found)] if found else []), *lines])
    if not found:
        return desk.face.t("No flag has all of these words: {words}", words=quoted(typed.text, KEY_SHOWN))
    return await _listed(desk, typed, found)


async def _found_away(desk: Desk, words: str) -> list[str]:
    """Flags in other back-ends, and which of those did not answer."""
    if desk.containment.vendors is None:
        return []
    t, lines = desk.face.t, []
    for environment in desk.containment.places.environments:
        found, silent = await desk.containment.vendors.search(words, environment, FLAGS_SHOWN)
        lines += [
            t(
                "{flag} serves {now}. {description}",
                flag=place(each.ref.named, environment),
                now=code(each.serving, KEY_SHOWN),
                description=quoted(each.description, DESCRIPTION_SHOWN),
            ).strip()
            for each in found
        ]
        lines += [f":warning: {quoted(each, REASON_SHOWN)}" for each in silent]
    return list(dict.fromkeys(lines))


async def _one_away(desk: Desk, typed: Typed, key: str, environment: str) -> str:
    """A flag of another back-end, as it is there now."""
    t, looked = desk.face.t, await desk.containment.look(key, environment)
    lines = [
        t(
            "{flag} serves {now}. {description}",
            flag=place(key, environment),
            now=code(looked.facts.serves, KEY_SHOWN),
            description=quoted(looked.description, DESCRIPTION_SHOWN),
        ).strip()
    ]
    if looked.facts.held_by is not None and not await _hidden(desk, typed, [looked.facts]):
        lines.append(t("Held by {incident}.", incident=incident_name(looked.facts.held_by)))
    if looked.last is not None:
        lines.append(
            t(
                "Changed {ago} by {who}.",
                ago=ago(datetime.fromisoformat(looked.last.at), desk.now(), t),
                who=quoted(looked.last.actor, KEY_SHOWN) or t("somebody"),
            )
        )
    lines += [f":warning: {quoted(each.by(t), REASON_SHOWN)}" for each in looked.warnings]
    if looked.facts.owner:
        lines.append(t("Owner: {owner}", owner=quoted(looked.facts.owner, KEY_SHOWN)))
    return "\n".join([*lines, looked.url] if looked.url else lines)


async def _log(desk: Desk, typed: Typed) -> str:
    number = incident_number(typed.text) if typed.text else None
    if number is not None:
        lines = await desk.containment.audit(incident=number, limit=LINES_SHOWN)
    else:
        lines = await desk.containment.audit(flag=typed.text, limit=LINES_SHOWN)
    numbers = [line.incident for line in lines if line.incident is not None]
    hidden = await desk.incidents.hidden(typed.actor.id, numbers)
    if not lines or number in hidden:
        return desk.face.t("Nothing was switched yet.")
    return "\n".join(_audited(desk, line, is_hidden=line.incident in hidden) for line in lines)


async def _listed(desk: Desk, typed: Typed, found: list[Flag]) -> str:
    t, hidden = desk.face.t, await _hidden(desk, typed, found[:FLAGS_SHOWN])
    lines = [_line(desk, flag, hidden) for flag in found[:FLAGS_SHOWN]]
    if len(found) > FLAGS_SHOWN:
        command = code(t("/flag show <flag>"))
        lines.append(
            t("and {count} more; a certain one: {command}", count=len(found) - FLAGS_SHOWN, command=command)
        )
    return "\n".join(lines)


def _line(desk: Desk, flag: Flag, hidden: Collection[int]) -> str:
    t, now = desk.face.t, code(flag.now, KEY_SHOWN)
    key = code(flag.key, KEY_SHOWN)
    if flag.environment != desk.containment.places.default:
        key = f"{key} ({quoted(flag.environment, KEY_SHOWN)})"
    if flag.held_at is None:
        return t(
            "{flag} serves {now}; safe is {safe}. {description}",
            flag=key,
            now=now,
            safe=code(flag.safe, KEY_SHOWN),
            description=quoted(flag.description, DESCRIPTION_SHOWN),
        ).strip()
    if flag.held_by in hidden:
        return t(
            "{flag} is *held* at {now}; otherwise {serves}. Who did it: {log}. {description}",
            flag=key,
            now=now,
            serves=code(flag.serves, KEY_SHOWN),
            log=code(f"/flag log {flag.key}", 2 * KEY_SHOWN),
            description=quoted(flag.description, DESCRIPTION_SHOWN),
        ).strip()
    return t(
        "{flag} is *held* at {now} by {incident}; otherwise {serves}. {description}",
        flag=key,
        now=now,
        incident=quoted(flag.holder, KEY_SHOWN),
        serves=code(flag.serves, KEY_SHOWN),
        description=quoted(flag.description, DESCRIPTION_SHOWN),
    ).strip()


def _change(desk: Desk, change: FlagEvent, hidden: Collection[int]) -> str:
    t, now = desk.face.t, desk.now()
    words = {
        Kind.DEFINED: t("defined"),
        Kind.REMOVED: t("removed"),
        Kind.HELD: t("held"),
        Kind.RELEASED: t("let go"),
    }
    before, after = (code(each, KEY_SHOWN) if each else "" for each in (change.before, change.after))
    shared = {
        "flag": code(change.key, KEY_SHOWN),
        "change": words[change.kind],
        "values": t("{before} → {after}", before=before, after=after)
        if before and after
        else before or after,
        "when": ago(datetime.fromisoformat(change.at), now, t) if change.at else "",
    }
    if change.actor:
        said = t("{flag} {change}: {values}, by {who} {when}", who=mention(change.actor), **shared)
    else:
        said = t("{flag} {change}: {values}, {when}", **shared)
    if change.incident is None or change.incident in hidden:
        return said
    return f"{said} ({incident_name(change.incident)})"


def _audited(desk: Desk, line: Line, *, is_hidden: bool) -> str:
    """Of a private incident: that the flag was switched, which everybody can see, and by whom; not why."""
    t = desk.face.t
    acts = {
        Act.CONTAIN: t("hold"),
        Act.RESTORE: t("let go"),
        Act.EXTEND: t("keep"),
        Act.END: t("leave for good"),
        Act.LOST: t("lost"),
        Act.DRILL: t("drill"),
    }
    steps = {
        Step.ASKED: t("asked"),
        Step.DONE: t("done"),
        Step.FAILED: t("not done"),
        Step.UNKNOWN: t("being checked"),
    }
    said = t(
        "{when} {flag} ({environment}): {act}, *{step}*, by {who}",
        when=line.at[:19].replace("T", " "),
        flag=code(line.key, KEY_SHOWN),
        environment=quoted(line.env, KEY_SHOWN),
        act=acts[line.act],
        step=steps[line.step],
        who=mention(line.actor) if line.actor else t("somebody"),
    )
    approver = t("approved by {who}", who=mention(line.approver)) if line.approver else ""
    if is_hidden:
        return ", ".join(filter(None, [said, approver]))
    name = "" if line.incident is None else incident_name(line.incident)
    return ", ".join(filter(None, [said, approver, name, quoted(line.reason, REASON_SHOWN)]))
