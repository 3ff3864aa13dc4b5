"""Carry out what people ask of incidents: read, decide and store in one transaction, then wake the delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.affected import NOTHING_NAMED, Affected
from bot.domain.beginning import Adopted, Source
from bot.domain.captured import Captured
from bot.domain.commands import Capture, ChangeRunbook, Command, DeclareIncident
from bot.domain.customs import Customs
from bot.domain.effects import FetchMessage, SendExport
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.incident import Incident
from bot.domain.language import Translate
from bot.domain.one_incident import ExportForm, written
from bot.domain.postmortem import postmortem
from bot.domain.privacy import may_see
from bot.domain.rules.people import asked
from bot.domain.runbook import Match, Runbook, best_match, matches
from bot.domain.spelling import nearest
from bot.domain.vocabulary import Kind, Refused, Severity, incident_name
from bot.services.introductions import Introductions
from bot.storage import correcting, declaring, flags, incidents, merging, parked, people, timeline
from bot.storage.engine import Body, Engine, Transaction
from bot.storage.incidents import Outcome
from bot.storage.timeline import Entry

RUNBOOK_SHOWN = 60  # of what was typed where the name of a runbook belongs

# Stores a body and sees to it that what it promised is carried out: `Delivery.write`.
Delivering = Callable[[str, Body[Outcome]], Awaitable[Outcome]]

NOT_HERE = Refused(
    "This is not the channel of an incident. Go to the incident's channel and type it there; "
    "`/incident list` shows where each one is."
)


@dataclass(frozen=True)
class Actor:
    """Who asks: a Slack user id, and the name that exports show for it."""

    id: str
    name: str


class Incidents:
    """The one door to incidents. Every answer is durable before it is given.

    `key` on each method identifies the request (a trigger id, a view id): the second time it changes nothing.
    `delivering` stores a command and begins with what it promised; without it `stored` is called afterwards.
    Raises Refused for what people may not do, StorageUnavailable when the database did not take it.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        team_id: str,
        runbooks: Callable[[], list[Runbook]],
        now: Callable[[], datetime],
        stored: Callable[[], None] = lambda: None,
        environment: str = FIRST_ENVIRONMENT,
        delivering: Delivering | None = None,
        customs: Customs | None = None,
        introductions: Introductions | None = None,
    ) -> None:
        self._engine = engine
        self._team_id = team_id
        self._runbooks = runbooks
        self._now = now
        self._stored = stored
        self._delivering = delivering
        self._environment = environment
        self._customs = customs or Customs()
        self._introductions = introductions
        self._named: dict[
            str, str
        ] = {}  # names that are stored: one who clicks twenty times is looked up once

    async def declare(
        self,
        actor: Actor,
        *,
        title: str,
        severity: Severity,
        key: str,
        kind: Kind = Kind.REAL,
        impact: tuple[datetime, datetime | None] | None = None,
        affected: Affected = NOTHING_NAMED,
        private: bool = False,
        runbook: str | None = None,
        source: Source | None = None,
        adopts: Adopted | None = None,
    ) -> Outcome:
        """Open a new incident. `impact` is its beginning and its end, `runbook` an id; None: what fits best.

        `source` is the message it was declared from, `adopts` the channel that becomes its own.
        """
        chosen = self._chosen(runbook, title, affected.services)
        if chosen is None:
            raise Refused(
                "No runbook could be read, so there is no checklist to start with. "
                "`firebreak runbooks check` says what is wrong."
            )
        started, ended = impact or (None, None)
        command = DeclareIncident(
            by=actor.id,
            title=title,
            severity=severity,
            runbook=chosen,
            kind=kind,
            impact_started=started,
            impact_ended=ended,
            affected=affected,
            private=private,
            customs=self._customs,
            source=source,
            adopts=adopts,
        )
        now = self._now()

        def body(transaction: Transaction) -> Outcome:
            return declaring.declare(transaction, team_id=self._team_id, command=command, now=now, key=key)

        return await self.write(actor, body)

    def _chosen(self, named: str | None, title: str, services: tuple[str, ...]) -> Runbook | None:
        known = self._runbooks()
        by_name = next((each for each in known if each.id == named), None)
        return by_name or best_match(known, title, services)

    @property
    def runbooks(self) -> list[Runbook]:
        """Those that can be chosen, by their ids."""
        return self._runbooks()

    async def carry_out(self, actor: Actor, number: int, command: Command, *, key: str) -> Outcome:
        """Do `command` on incident `number`."""
        return await self._execute(actor, number, command, key)

    def fitting(self, incident: Incident) -> list[Match]:
        """Every runbook with what speaks for it, the one that fits this incident best first."""
        return matches(self._runbooks(), incident.title, incident.services)

    async def change_runbook(self, actor: Actor, number: int, *, runbook: str, key: str) -> Outcome:
        """Go on with the runbook of this id or title; what was ticked stays ticked."""
        known = self._runbooks()
        wanted = runbook.strip().casefold()
        found = next((each for each in known if wanted in (each.id, each.title.casefold())), None)
        if found is None:
            meant = nearest(wanted[:RUNBOOK_SHOWN], [each.id for each in known])
            if meant is None:
                raise Refused(
                    "There is no runbook `{runbook}`, so nothing was changed. Type `/incident runbook` alone to "
                    "choose one.",
                    runbook=runbook[:RUNBOOK_SHOWN],
                )
            raise Refused(
                "There is no runbook `{runbook}`, so nothing was changed. Did you mean "
                "`/incident runbook {meant}`?",
                runbook=runbook[:RUNBOOK_SHOWN],
                meant=meant,
            )
        return await self._execute(actor, number, ChangeRunbook(by=actor.id, runbook=found), key)

    async def merge(self, actor: Actor, number: int, *, into: int, reason: str, key: str) -> Outcome:
        """Incident `number` is a duplicate of `into`."""
        now = self._now()

        def body(transaction: Transaction) -> Outcome:
            return merging.merge(
                transaction,
                team_id=self._team_id,
                number=number,
                into=into,
                reason=reason,
                by=actor.id,
                now=now,
                key=key,
            )

        return await self.write(actor, body)

    async def unmerge(self, actor: Actor, number: int, *, reason: str, key: str) -> Outcome:
        """Incident `number` is one of its own after all."""
        now = self._now()

        def body(transaction: Transaction) -> Outcome:
            return merging.unmerge(
                transaction,
                team_id=self._team_id,
                number=number,
                reason=reason,
                by=actor.id,
                now=now,
                key=key,
            )

        return await self.write(actor, body)

    async def correct_entry(
        self, actor: Actor, number: int, *, entry: int, time: datetime, reason: str, key: str
    ) -> Outcome:
        """Entry number `entry` of the timeline really was at `time`; both times stay."""
        now = self._now()

        def body(transaction: Transaction) -> Outcome:
            return correcting.correct(
                transaction,
                team_id=self._team_id,
                number=number,
                entry=entry,
                time=time,
                reason=reason,
                by=actor.id,
                now=now,
                key=key,
            )

        return await self.write(actor, body)

    async def capture(self, number: int, seen: Captured, *, key: str) -> Outcome:
        """This was seen in the incident's channel. Slack's events name people by their ids alone."""
        command, now = Capture(by=seen.by, seen=seen), self._now()

        def body(transaction: Transaction) -> Outcome:
            return incidents.execute(
                transaction, team_id=self._team_id, number=number, command=command, now=now, key=key
            )

        return await self._write(body)

    async def promise(self, number: int, effect: FetchMessage | SendExport, *, key: str) -> None:
        """What no event asks for: a message that somebody keeps is read, an export sent to whoever asked."""
        now = self._now()
        promised = await self._engine.write(
            lambda transaction: incidents.promise_once(
                transaction, effect, team_id=self._team_id, number=number, now=now, key=key
            )
        )
        if promised:
            self._stored()

    async def of_channel(self, channel: str) -> Incident:
        """The incident whose channel this is; raises Refused when it is none."""
        found = await self._engine.read(
            lambda transaction: incidents.in_channel(transaction, self._team_id, channel)
        )
        if found is None:
            raise NOT_HERE
        return found

    async def find(self, number: int) -> Incident | None:
        """The incident with this number, or None."""
        return await self._engine.read(lambda transaction: incidents.load(transaction, self._team_id, number))

    async def still_open(self, person: str | None = None) -> list[Incident]:
        """Every incident that is not closed, oldest first; with a `person` those that they may see."""
        known = await self._engine.read(lambda transaction: incidents.still_open(transaction, self._team_id))
        return [each for each in known if person is None or may_see(each, person)]

    async def hidden(self, person: str, numbers: Iterable[int]) -> set[int]:
        """Those of these incidents that are private and not for this person."""
        asked = set(numbers)
        return await self._engine.read(
            lambda transaction: incidents.hidden(transaction, self._team_id, person, asked)
        )

    async def timeline(self, number: int) -> list[Entry]:
        """Every event of the incident in the order it was recorded; empty when there is no such incident."""
        return await self._engine.read(
            lambda transaction: timeline.entries(transaction, self._team_id, number)
        )

    async def exported(self, incident: Incident, form: ExportForm, t: Translate) -> str:
        """The whole incident as a file of this form, in the words of `t`."""
        entries = await self._met(incident.number)
        names = await self.names()
        return written(incident, entries, form, t, names)

    async def postmortem(self, number: int, t: Translate) -> str:
        """The draft of its postmortem as Markdown, as things stand; raises Refused where there is no incident."""
        incident = await self.find(number)
        if incident is None:
            raise Refused("There is no {incident} in this database.", incident=incident_name(number))
        entries = await self._met(number)
        names = await self.names()
        return postmortem(incident, entries, t, lambda person: names.get(person, person), self._now())

    async def flags(self) -> list[flags.Flag]:
        """All flags, those that are held first."""
        return await self._engine.read(
            lambda transaction: flags.everything(transaction, self._team_id, self._environment)
        )

    async def waiting(self, number: int) -> list[str]:
        """Why each update that Slack does not take is waiting, oldest first; mostly none."""
        return await self._engine.read(lambda transaction: parked.reasons(transaction, self._team_id, number))

    async def try_again(self, number: int) -> int:
        """Take up what is waiting for Slack; answers how many updates that were."""
        now = self._now()
        taken = await self._engine.write(
            lambda transaction: parked.try_again(transaction, now=now, team_id=self._team_id, incident=number)
        )
        if taken:
            self._stored()
        return taken

    async def account_changed(self, person: str, name: str, *, is_off: bool) -> None:
        """Slack tells of somebody's account; who has left is asked for nothing any more."""
        now = self._now()
        if is_off:
            await self._engine.write(
                lambda transaction: people.left(transaction, self._team_id, person, name, now)
            )
        elif await self._engine.read(lambda transaction: people.gone(transaction, self._team_id, [person])):
            await self._engine.write(lambda transaction: people.came_back(transaction, self._team_id, person))

    async def _met(self, number: int) -> list[Entry]:
        """Its timeline, for a file that calls people by their names."""
        entries = await self.timeline(number)
        if self._introductions is not None:
            await self._introductions.meet(entries)
        return entries

    async def names(self) -> dict[str, str]:
        """Names of people by id, as far as they are known."""
        return await self._engine.read(lambda transaction: people.names(transaction, self._team_id))

    async def _execute(self, actor: Actor, number: int | None, command: Command, key: str) -> Outcome:
        if command.by != actor.id:
            raise AssertionError("a command is carried out in the name of whoever asked for it")
        if self._introductions is not None:
            await self._introductions.vouch(asked(command))
        now = self._now()

        def body(transaction: Transaction) -> Outcome:
            return incidents.execute(
                transaction, team_id=self._team_id, number=number, command=command, now=now, key=key
            )

        return await self.write(actor, body)

    async def write(self, actor: Actor, body: Callable[[Transaction], Outcome]) -> Outcome:
        """Run the body of a command in one transaction, remember the person's name, and wake the delivery."""

        def named(transaction: Transaction) -> Outcome:
            if self._named.get(actor.id) != actor.name:
                people.remember(transaction, self._team_id, actor.id, actor.name)
            return body(transaction)

        outcome = await self._write(named)
        self._named[actor.id] = actor.name
        return outcome

    async def _write(self, body: Body[Outcome]) -> Outcome:
        if self._delivering is not None:
            outcome = await self._delivering(self._team_id, body)
        else:
            outcome = await self._engine.write(body)
        if outcome.events and self._delivering is None:
            self._stored()
        return outcome
