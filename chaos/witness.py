"""What Slack and the database say when all is told: each effect once, each surface as the state draws it.

The database is read with plain SQL and Slack from the sandbox's memory: whoever is examined is not asked.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.effects import Tell
from bot.domain.events import RoleTaken
from bot.domain.evolving import evolve, replay
from bot.domain.incident import Incident
from bot.domain.promising import promised
from bot.domain.vocabulary import Surface
from bot.sandbox.blocks import settled
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import Channel, Message
from bot.slack import cards
from bot.slack.checklist import checklist
from bot.slack.client import EFFECT_METADATA
from bot.slack.face import Drawing, Face
from bot.storage.engine import Engine, Row, Transaction
from bot.storage.timeline import loaded
from bot.storage.verifying import verify
from chaos.ledger import Ledger, difference

# "3 minutes ago", drawn as of some moment, for screens that cannot count it on: `<!date^…^{ago}|3 minutes ago>`
OVERDUE = 15.0  # seconds after which a reminder that is due should have been sent; the bot looks every five
SAID = ("tell", "post_summary")  # effects that are a message each; a draw posts once and updates from then on
DRAWN_AGE = re.compile(r"(<!date\^\d+\^\{ago\}\|)[^>]*>")
# What was due when it was drawn may be overdue by now; nothing is drawn anew because time passes.
OVERDUE_BY_NOW = re.compile(r"\*overdue since (<!date[^>]*>)\*")


@dataclass
class Verdict:
    """What was found wrong, one sentence each. `tried` counts the requests that were answered with a yes."""

    tried: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.stale or self.broken)

    @property
    def counts(self) -> str:
        return (
            f"tried {self.tried}, lost {len(self.lost)}, doubled {len(self.doubled)}, stale {len(self.stale)}, "
            f"broken {len(self.broken)}"
        )

    def problems(self) -> list[str]:
        named = {"lost": self.lost, "doubled": self.doubled, "stale": self.stale, "broken": self.broken}
        return [f"{name}: {what}" for name, found in named.items() for what in found]


@dataclass(frozen=True)
class Stored:
    """The rows that count, as they are, and what `firebreak verify` finds in them."""

    timeline: list[Row]
    effects: list[Row]
    overdue: list[Row]
    findings: list[str]

    @classmethod
    async def read(cls, engine: Engine, now: datetime | None = None) -> Stored:
        """`now` is the bot's clock, where that is not the machine's: reminders are late by it."""
        late = (time.time() if now is None else now.timestamp()) - OVERDUE

        def body(transaction: Transaction) -> Stored:
            findings: list[str] = []
            verify(transaction, lambda finding: findings.append(str(finding)))
            return cls(
                transaction.all("select * from timeline order by incident, version"),
                transaction.all("select * from effect order by id"),
                transaction.all("select * from timer where due < :before", before=late),
                findings,
            )

        return await engine.read(body)

    def histories(self) -> Iterator[tuple[int, list[Row]]]:
        """The rows of each incident, in order."""
        for number in sorted({int(row["incident"]) for row in self.timeline}):
            yield number, [row for row in self.timeline if row["incident"] == number]


def examine(slack: Sandbox, face: Face, stored: Stored, ledger: Ledger, now: datetime) -> Verdict:
    """Everything that can be said about a run once nothing is left to be delivered."""
    verdict = Verdict(tried=sum(ledger.accepted.values()))
    differs = difference(ledger, stored.timeline)
    verdict.lost += [f"accepted, but not in the timeline: {what}" for what in differs.lost]
    verdict.doubled += [f"in the timeline, but not asked: {what}" for what in differs.doubled]
    verdict.broken += [*stored.findings, *_unfinished(stored)]
    verdict.lost += [f"INC-{row['incident']} was never reminded: {row['name']}" for row in stored.overdue]
    verdict.doubled += _reminded_twice(stored)
    for number, rows in stored.histories():
        incident = replay(number, [loaded(row) for row in rows])
        verdict.lost += _unpromised(number, rows, stored)
        _Examined(slack, face, incident, rows, now, verdict).everything()
    _posts(slack, stored, verdict)
    return verdict


# the database --------------------------------------------------------------------------------------------


def _unfinished(stored: Stored) -> list[str]:
    left = [row for row in stored.effects if row["state"] != "done"]
    return [f"effect {row['id']} is {row['state']}: {row['body'][:80]} ({row['error']})" for row in left]


def _reminded_twice(stored: Stored) -> list[str]:
    sent = Counter(
        (int(row["incident"]), str(json.loads(row["data"])["name"]))
        for row in stored.timeline
        if row["type"] == "reminder_sent"
    )
    return [f"INC-{number} was reminded {n} times: {name}" for (number, name), n in sent.items() if n > 1]


def _unpromised(number: int, rows: list[Row], stored: Stored) -> list[str]:
    """Events whose moment should be told in the channel, and that nobody promised to tell."""
    incident, wanted = Incident(number=number), 0
    for row in rows:
        event = loaded(row)
        incident = evolve(incident, event)
        wanted += sum(isinstance(effect, Tell) for effect in promised(incident, event))
    told = sum(
        row["incident"] == number and json.loads(row["body"])["type"] == "tell" for row in stored.effects
    )
    return [f"INC-{number}: {wanted} moments to be told, {told} promised"] if told != wanted else []


# Slack ---------------------------------------------------------------------------------------------------


def effect_of(message: Message) -> int | None:
    """The number of the effect that posted a message."""
    metadata = message.metadata or {}
    if metadata.get("event_type") != EFFECT_METADATA:
        return None
    return int(metadata["event_payload"]["effect"])


def _posts(slack: Sandbox, stored: Stored, verdict: Verdict) -> None:
    """No effect posted twice, no surface stands twice, and whatever was to be said was said."""
    bodies = {int(row["id"]): json.loads(row["body"]) for row in stored.effects}
    posted = Counter(
        effect
        for channel in slack.workspace.channels.values()
        for message in channel.messages.values()
        if (effect := effect_of(message)) is not None
    )
    verdict.doubled += [f"effect {effect} posted {n} messages" for effect, n in posted.items() if n > 1]
    unknown = sorted(set(posted) - set(bodies))
    verdict.broken += [f"a message names effect {effect}, which is not there" for effect in unknown]
    standing: Counter[tuple[int, str]] = Counter()
    for row in stored.effects:
        effect, body = int(row["id"]), bodies[int(row["id"])]
        if body["type"] == "draw":
            standing[int(row["incident"]), body["surface"]] += posted[effect]
        elif body["type"] in SAID and row["state"] == "done" and not posted[effect]:
            verdict.lost.append(f"effect {effect} is done, and nothing was posted: {row['body'][:80]}")
    verdict.doubled += [
        f"INC-{number} has {n} messages for its {surface}"
        for (number, surface), n in standing.items()
        if n > 1
    ]


@dataclass
class _Examined:
    """One incident, beside what stands in Slack."""

    slack: Sandbox
    face: Face
    incident: Incident
    rows: list[Row]
    now: datetime
    verdict: Verdict

    def everything(self) -> None:
        prefix = f"inc-{self.incident.number}-"
        channels = [c for c in self.slack.workspace.channels.values() if c.name.startswith(prefix)]
        if len(channels) > 1:
            self.verdict.doubled.append(f"{self.incident.name} has {len(channels)} channels")
        here = next((c for c in channels if c.id == self.incident.channel), None)
        if here is None:
            self.verdict.lost.append(f"{self.incident.name} has no channel")
            return
        self._people(here)
        self._pins(here)
        self._bookmarks(here)
        self._topic(here)
        self._surfaces(here)

    def _people(self, here: Channel) -> None:
        """Whoever declared or took a role is in, and came in once."""
        roles = [event.person for row in self.rows if isinstance(event := loaded(row), RoleTaken)]
        for person in dict.fromkeys([self.incident.declared_by, *roles]):
            came = [m for m in here.messages.values() if m.subtype == "channel_join" and m.user == person]
            if person not in here.members:
                self.verdict.lost.append(f"{person} was not invited into {here.name}")
            if len(came) > 1:
                self.verdict.doubled.append(f"{person} came into {here.name} {len(came)} times")

    def _pins(self, here: Channel) -> None:
        wanted = [self.incident.surfaces[s].ts for s in (Surface.CARD, Surface.CHECKLIST) if self._place(s)]
        pinned = [str(pin["ts"]) for pin in here.pins]
        missing = [ts for ts in wanted if ts not in pinned]
        if missing or len(wanted) < 2:
            self.verdict.lost.append(f"{here.name}: not pinned: {missing or 'card or checklist'}")
        if len(pinned) > len(wanted):
            self.verdict.doubled.append(f"{here.name} has {len(pinned)} pins")

    def _bookmarks(self, here: Channel) -> None:
        linked = [bookmark["link"] for bookmark in here.bookmarks]
        if len(linked) < 2:
            self.verdict.lost.append(f"{here.name} has {len(linked)} bookmarks")
        if len(linked) > 2:
            self.verdict.doubled.append(f"{here.name} has {len(linked)} bookmarks")

    def _topic(self, here: Channel) -> None:
        wanted = cards.topic(self.incident, self.face)
        if here.topic["value"] != wanted:
            self.verdict.stale.append(f"{here.name}: topic {here.topic['value']!r}, not {wanted!r}")

    def _surfaces(self, here: Channel) -> None:
        announcements = self.slack.channel(self.face.announcements)
        self._surface(Surface.CARD, here, cards.incident_card(self.incident, self.face, self.now))
        self._surface(Surface.CHECKLIST, here, checklist(self.incident, self.face, self.now))
        drawn = cards.announcement(self.incident, self.face, self.now)
        self._surface(Surface.ANNOUNCEMENT, announcements, drawn)

    def _surface(self, surface: Surface, channel: Channel, wanted: Drawing) -> None:
        """One message in that channel, showing what the state draws."""
        place = self._place(surface)
        standing = channel.messages.get(place) if place else None
        if standing is None:
            self.verdict.lost.append(f"{self.incident.name} has no {surface.value} in Slack")
            return
        shows = _plain(standing.blocks) + _plain(standing.text)
        draws = _plain(settled(wanted.blocks, lambda prefix: prefix)) + _plain(wanted.text)
        if shows != draws:
            self.verdict.stale.append(f"{self.incident.name}: the {surface.value} {_differs(shows, draws)}")

    def _place(self, surface: Surface) -> str | None:
        place = self.incident.surfaces.get(surface)
        return None if place is None else place.ts


def _plain(shown: Any) -> str:
    """Comparable: without block ids, which Slack makes up, and without ages, which pass."""
    blocks = (
        [{k: v for k, v in b.items() if k != "block_id"} for b in shown] if isinstance(shown, list) else shown
    )
    text = json.dumps(blocks, ensure_ascii=False, sort_keys=True)
    return OVERDUE_BY_NOW.sub(r"due \1", DRAWN_AGE.sub(r"\1>", text))


def _differs(shows: str, draws: str) -> str:
    """Where the two part, in a sentence short enough to be read."""
    pairs = enumerate(zip(shows, draws, strict=False))
    same = next((at for at, (shown, drawn) in pairs if shown != drawn), min(len(shows), len(draws)))
    start = max(0, same - 80)
    return f"shows …{shows[start : same + 120]}… where the state draws …{draws[start : same + 120]}…"
