"""`firebreak flag kill a,b,c`: several flags with one question, or `--yes` where nobody is there to answer it."""

from __future__ import annotations

import click

from bot.cli.console import AWAY_WITHIN, Console
from bot.domain.bulk import request_of, seen_as, several
from bot.domain.containing import review_time
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Refused
from bot.services.bulk import Bulk, Came, Seen
from bot.storage.flag_audit import Step
from bot.storage.flags import Terms


async def kill_several(
    console: Console,
    word: str,
    why: str,
    where: str,
    *,
    review: str | None,
    incident: str | None,
    request: str,
    yes: bool,
) -> list[str]:
    """What came of each flag, a line each. Raises Refused when none may be held, or the answer is no."""
    keys, terms = several(word), Terms(review=None if review is None else review_time(review), console=True)
    reason = written(why, REASON_MAX, Refused("Say why, for those who read it later. Nothing was switched."))
    bulk = Bulk(console.containment, now=console.now)
    names = await bulk.resolved(keys, where)
    number = await console.incident(incident)
    here = await console.incidents.find(number) or Incident(number=number)
    seen = await bulk.see(
        here, names, where, by=console.actor.id, reason=reason, review=terms.review, console=True
    )
    offered = [(each.flag, seen_as(each.looked.token)) for each in seen if each.is_offered and each.looked]
    click.echo("\n".join(_shown(each, where) for each in seen))
    if not offered:
        raise Refused("None of these flags may be held now, so nothing was switched.")
    if not yes and not click.confirm(f"Hold these {len(offered)} flags in {where} because of {here.name}?"):
        raise Refused("Nothing was switched.")
    came = await bulk.kill(
        console.actor, number, offered, environment=where, reason=reason, key=request, terms=terms
    )
    lines = [await _came(console, each, where, request_of(request, place)) for place, each in enumerate(came)]
    return [*lines, f"Signed: {console.actor.name}."]


def _shown(seen: Seen, where: str) -> str:
    if seen.looked is None or seen.why is not None:
        why = "" if seen.why is None else English()(seen.why.text, **seen.why.params)
        return f"{seen.flag} in {where}: left out. {why}"
    if not seen.is_offered:
        left_out = "it is held already" if seen.held else f"alone: firebreak flag kill {seen.flag} REASON"
        return f"{seen.flag} in {where}: left out, {left_out}"
    return f"{seen.flag} in {where}: now {seen.looked.facts.serves} -> after {seen.looked.facts.safe} for everyone"


async def _came(console: Console, came: Came, where: str, request: str) -> str:
    named = f"{came.flag} in {where}"
    if came.outcome is None:
        why = "" if came.why is None else English()(came.why.text, **came.why.params)
        return f"{named}: not done. {why}"
    vendors = console.containment.vendors
    if came.outcome.incident.being_switched(came.flag, where) is not None and vendors is not None:
        line = await vendors.outcome(came.flag, request, within=AWAY_WITHIN)
        if line is not None and line.step is Step.FAILED:
            return f"{named}: not done. {line.detail}"
        if line is not None and line.step is Step.DONE:
            return f"{named}: done, confirmed by reading it back."
        return f"{named}: being checked. See: firebreak flag log {came.flag}"
    held = came.outcome.incident.containment(came.flag, where)
    if held is None or not await console.containment.is_held(came.flag, where):
        return f"{named}: being checked. See: firebreak flag log {came.flag}"
    return f"{named}: done, held at {held.safe}, confirmed by reading it back. It served {held.before}."
