"""`firebreak flag kill|undo|extend|drill|show|log`: the rules and the audit of Slack, also while it is down."""

from __future__ import annotations

from collections.abc import Callable

import click

from bot.cli.bulk import kill_several
from bot.cli.console import (
    AWAY_WITHIN,
    Console,
    environment_option,
    holder_option,
    incident_option,
    new_request,
    run,
)
from bot.domain.away import is_away
from bot.domain.bulk import is_several
from bot.domain.commands import ExtendContainment
from bot.domain.containing import review_time
from bot.domain.events import FlagRestored
from bot.domain.vocabulary import Refused, Severity, incident_name, incident_number
from bot.services.drilling import Seen
from bot.storage.flag_audit import Act, Step
from bot.storage.flags import Terms


@click.command(short_help="Hold a flag at its safe value for everyone.")
@click.argument("key")
@click.argument("reason", nargs=-1, required=True)
@click.option("--for", "review", help="When somebody looks at it again: 2h, 30m, 3d; by default 4h.")
@click.option("--declare", type=click.Choice([each.value for each in Severity]), help="Declare an incident.")
@click.option("--yes", is_flag=True, help="Do not ask before several flags are held: KEY,KEY,KEY.")
@incident_option
@environment_option
def kill(
    key: str,
    reason: tuple[str, ...],
    review: str | None,
    declare: str | None,
    yes: bool,
    incident: str | None,
    environment: str | None,
) -> None:
    """Hold a flag at its safe value for everyone: firebreak flag kill checkout-v2 errors began."""

    async def work(console: Console) -> list[str]:
        where, why = console.environment(environment), " ".join(reason)
        if is_several(key):
            if declare is not None:
                raise Refused(
                    "Declare it with the first flag alone, then hold the others. Nothing was switched."
                )
            return await kill_several(
                console, key, why, where, review=review, incident=incident, request=new_request(), yes=yes
            )
        terms = Terms(review=None if review is None else review_time(review), console=True)
        flag = await console.containment.named(key, where)
        await console.containment.look(flag, where)  # no incident is declared for a flag that there is not
        if declare is not None:
            declared = await console.incidents.declare(
                console.actor, title=why, severity=Severity(declare), key=new_request()
            )
            number = declared.incident.number
        else:
            number = await console.incident(incident)
        request = new_request()
        outcome = await console.containment.kill(
            console.actor, number, flag=flag, environment=where, reason=why, key=request, terms=terms
        )
        if outcome.incident.being_switched(flag, where) is not None:
            return [await _came_of(console, flag, where, request)]
        held = outcome.incident.containment(flag, where)
        if held is None or not await console.containment.is_held(flag, where):
            return [
                f"{key} in {where} is being checked: read back, it is not held. See: firebreak flag log {key}"
            ]
        done = "is held" if outcome.events else "was held already"
        return [
            f"{key} in {where} {done} at {held.safe} for everyone because of {incident_name(number)}, "
            f"confirmed by reading it back. It served {held.before}. Signed: {console.actor.name}."
        ]

    run(work)


@click.command(short_help="Let go of a flag: it serves what it did before.")
@click.argument("key")
@click.option("--alone", default="", help="Why nobody else lets go of what you held, while it is open.")
@click.option("--force", is_flag=True, help="Also when somebody else has changed it since.")
@holder_option
@environment_option
def undo(key: str, alone: str, force: bool, incident: str | None, environment: str | None) -> None:
    """Let go of a flag: it serves again exactly what it did before."""

    async def work(console: Console) -> list[str]:
        where = console.environment(environment)
        flag, request = await console.containment.named(key, where), new_request()
        outcome = await console.containment.undo(
            console.actor,
            await console.holder(incident, flag, where),
            flag=flag,
            environment=where,
            key=request,
            terms=Terms(alone=alone, force=force, console=True),
        )
        if outcome.incident.being_switched(flag, where) is not None:
            return [await _came_of(console, flag, where, request)]
        serves = next((each.serves for each in outcome.events if isinstance(each, FlagRestored)), "?")
        return [f"{key} in {where} serves {serves} again for everyone. Signed: {console.actor.name}."]

    run(work)


@click.command(short_help="Keep a flag held; somebody looks again later.")
@click.argument("key")
@click.argument("review")
@holder_option
@environment_option
def extend(key: str, review: str, incident: str | None, environment: str | None) -> None:
    """Keep a flag held, and have somebody look at it again later: firebreak flag extend checkout-v2 2h."""

    async def work(console: Console) -> list[str]:
        where = console.environment(environment)
        command = ExtendContainment(
            by=console.actor.id, flag=key, environment=where, review=review_time(review)
        )
        number = await console.holder(incident, await console.containment.named(key, where), where)
        await console.containment.change(console.actor, number, command, key=new_request())
        return [f"{key} in {where} stays held; somebody is asked to look at it again after {review}."]

    run(work)


@click.command(short_help="What a flag serves, who holds it, what happened.")
@click.argument("key")
@environment_option
def show(key: str, environment: str | None) -> None:
    """What a flag serves, who holds it, and what happened to it last."""

    async def work(console: Console) -> list[str]:
        where = console.environment(environment)
        named = await console.containment.named(key, where)
        if is_away(named):
            looked = await console.containment.look(named, where)
            held_by = looked.facts.held_by
            by = "" if held_by is None else f", held by {incident_name(held_by)}"
            return [f"{named} in {where} serves {looked.facts.serves}{by}.", *map(str, looked.warnings)]
        flag = next((each for each in await console.containment.everything(where) if each.key == named), None)
        if flag is None:
            raise Refused(
                "There is no flag {flag} in {environment}. firebreak flag list names those there are.",
                flag=repr(key),
                environment=where,
            )
        held = f", held by {flag.holder}" if flag.holder else ""
        lines = [f"{key} in {where} serves {flag.now}{held}; safe is {flag.safe or 'not declared'}."]
        last = await console.containment.last_drill(key)
        if last is not None:
            went = "did not go well" if last.seconds is None else f"took {last.seconds:.2f} s"
            lines.append(f"Last drill: {last.at[:19]} in {last.env}, {went}.")
        return lines + [
            f"{each.at[:19]}  {each.kind.value}  {each.before} -> {each.after}  by {each.actor or 'somebody'}"
            for each in await console.containment.history(key, where)
        ]

    run(work)


@click.command(short_help="Practise: hold a flag outside production.")
@click.argument("key")
@environment_option
def drill(key: str, environment: str | None) -> None:
    """Hold a flag outside production, see the effect, let go of it again; says how long it took."""

    async def work(console: Console) -> list[str]:
        done = await console.drills.run(console.actor, key, environment, key=new_request())
        place = f"{done.flag} in {done.environment}"
        back = (
            f"It serves {done.serves} again"
            if done.is_back
            else f"It was not seen to serve {done.serves} again"
        )
        where = {Seen.FILE: "the flag file"}.get(
            done.where, "the database; what applications get was not asked"
        )
        if done.seconds is None or not done.is_back:
            raise Refused(
                "{place} was not seen at {safe} in {where} and back in time. {back}. See: firebreak flag log {key}",
                place=place,
                safe=done.safe,
                where=where,
                back=back,
                key=done.flag,
            )
        return [
            f"{place} was held at {done.safe}, and that was seen after {done.seconds:.2f} s in {where}. {back}, "
            f"exactly as before. Signed: {console.actor.name}."
        ]

    run(work)


@click.command("log", short_help="Who switched what, newest first.")
@click.argument("of", required=False)
def show_log(of: str | None) -> None:
    """Who switched what, newest first: of a flag, of an incident such as INC-7, or of all."""

    async def work(console: Console) -> list[str]:
        number = None if of is None else incident_number(of)
        if number is not None and await console.incidents.find(number) is None:
            raise Refused("There is no {incident} in this database.", incident=incident_name(number))
        lines = await console.containment.audit(flag="" if number or of is None else of, incident=number)
        return [
            "  ".join(
                [
                    each.at[:19],
                    f"{each.key} ({each.env})",
                    each.act.value,
                    each.step.value,
                    "" if each.incident is None else incident_name(each.incident),
                    each.actor or "somebody",
                    each.reason,
                ]
            ).rstrip()
            for each in lines
        ] or ["Nothing was switched yet." if of is None else f"Nothing was switched yet that fits {of!r}."]

    run(work)


async def _came_of(console: Console, flag: str, where: str, request: str) -> str:
    """What another back-end made of it: done, not done, or being checked."""
    vendors = console.containment.vendors
    line = None if vendors is None else await vendors.outcome(flag, request, within=AWAY_WITHIN)
    signed = f"Signed: {console.actor.name}."
    if line is not None and line.step is Step.FAILED:
        raise Refused(
            "{flag} in {environment}: not done. {why}", flag=flag, environment=where, why=line.detail
        )
    if line is None or line.step is not Step.DONE:
        return f"{flag} in {where} is being checked: see firebreak flag log {flag}. {signed}"
    done = "is held for everyone" if line.act is Act.CONTAIN else "serves what it did before again"
    return f"{flag} in {where} {done}, confirmed in {line.seconds or 0:.1f} s by reading it back. {signed}"


def register(group: Callable[[click.Command], None]) -> None:
    """Add the commands with `group.add_command`."""
    for command in (kill, undo, extend, drill, show, show_log):
        group(command)
