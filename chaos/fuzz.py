"""Malformed requests at both doors: never a 500, a traceback in the log or an event; and afterwards it works."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote_plus

import aiohttp

from bot.sandbox.delivery import sign
from bot.storage.engine import Row, Transaction
from chaos.bots import Transport
from chaos.house import House, house
from chaos.mutations import mutated, spoiled
from chaos.recording import FORM, Recorded, recorded

TOGETHER = 16  # requests under way at once
BATCH = 500  # requests between two looks at what was stored; few enough to find the guilty one
SETTLES = 5.0  # seconds that the bot may need for the last frames of a batch
CHEAP = 3.0  # an unsigned request costs no more than this many times a request to a page that is not there
TRIED_FOR_COST = 300
BY_THE_CLOCK = ("reminder_sent",)  # on a slow machine the first are due before all is thrown
# A picture that somebody asked for who is not in the workspace is parked and said to be, as it should be.
NOBODY = "There is no such person in the workspace"


@dataclass
class Fuzzed:
    """What was thrown and what came back."""

    name: str
    seed: int
    thrown: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    stored: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not (self.stored or self.failed or self.logged)

    @property
    def line(self) -> str:
        answers = ", ".join(f"{answer}: {n}" for answer, n in sorted(self.answers.items()))
        return (
            f"fuzz {self.name} seed {self.seed}: {self.thrown} thrown, {len(self.failed)} answered with a mistake, "
            f"{len(self.logged)} tracebacks, {len(self.stored)} events; {answers}; {self.seconds:.0f} s"
        )

    def problems(self) -> list[str]:
        return [*self.failed, *self.logged, *self.stored]


Door = Callable[[int, int], Awaitable[Fuzzed]]  # how many to throw, and the seed


class Complaints(logging.Handler):
    """What is logged that only a mistake of ours explains: errors, and anything with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if NOBODY in record.getMessage():
            return
        if record.levelno >= logging.ERROR or record.exc_info:
            self.found.append(logging.Formatter().format(record)[-2000:])


@contextlib.contextmanager
def complaints() -> Iterator[Complaints]:
    """Listen to everything that is logged in this process."""
    heard = Complaints()
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = server.level
    server.setLevel(logging.WARNING)  # a 500 that aiohttp answers is told by nobody else
    root.addHandler(heard)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        server.setLevel(before)


async def http(thrown: int, seed: int) -> Fuzzed:
    """Signed requests at the HTTP door."""
    result, chance, began = Fuzzed("http", seed), random.Random(seed), time.monotonic()
    with complaints() as heard:
        async with _attacked("http") as (home, known), aiohttp.ClientSession() as session:
            while result.thrown < thrown:
                number = min(BATCH, thrown - result.thrown)
                bodies = [mutated(chance.choice(known), chance) for _ in range(number)]
                before = await _timeline(home)
                await throw(session, home, bodies, result)
                result.stored += _difference(before, await _timeline(home), bodies)
                result.thrown += number
            await _works_still(home, result)
        result.logged += heard.found
    result.seconds = time.monotonic() - began
    return result


async def throw(
    session: aiohttp.ClientSession, home: House, bodies: list[tuple[bytes, str]], result: Fuzzed
) -> None:
    """Send these bodies, signed, and note what is answered."""
    places = asyncio.Semaphore(TOGETHER)

    async def one(body: bytes, kind: str) -> None:
        headers = {**sign(home.slack.signing_secret, body, int(time.time())), "Content-Type": kind}
        async with (
            places,
            session.post(f"{home.bot.url}/slack/events", data=BytesIO(body), headers=headers) as answer,
        ):
            await answer.read()
            result.answers[str(answer.status)] += 1
            if answer.status >= 500:
                result.failed.append(f"{answer.status} to {kind} {body[:600]!r}")

    async with asyncio.TaskGroup() as throwing:
        for body, kind in bodies:
            throwing.create_task(one(body, kind))


async def socket(thrown: int, seed: int) -> Fuzzed:
    """Frames over Socket Mode, wrong inside and outside."""
    result, chance, began = Fuzzed("socket", seed), random.Random(seed), time.monotonic()
    with complaints() as heard:
        async with _attacked("socket") as (home, known):
            while result.thrown < thrown:
                number = min(BATCH, thrown - result.thrown)
                frames = [_frame(chance.choice(known), chance) for _ in range(number)]
                before = await _timeline(home)
                for frame in frames:
                    await _send(home, frame, chance)
                await _settled(home, result)
                told = [(frame.encode("utf-8", "surrogatepass"), "frame") for frame in frames]
                result.stored += _difference(before, await _timeline(home), told)
                result.thrown += number
            await _works_still(home, result)
        result.logged += heard.found
    result.seconds = time.monotonic() - began
    return result


def _frame(known: Recorded, chance: random.Random) -> str:
    """One text frame: mostly an envelope as Slack makes them around a payload that is wrong."""
    frame: dict[str, Any] = {
        "envelope_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "payload": spoiled(known, chance),
        "type": known.kind,
        "accepts_response_payload": True,
    }
    if chance.random() < 0.15:
        key = chance.choice(list(frame))
        frame[key] = chance.choice([None, 1, [], {}, "", "unknown", "\x00", "x" * 5000])
    if chance.random() < 0.05:
        del frame[chance.choice(list(frame))]
    text = json.dumps(frame)
    if chance.random() < 0.1:
        text = chance.choice(
            [
                text[: chance.randrange(len(text))],
                "",
                "{}",
                "[]",
                "null",
                "{",
                "[" * 5000,
                '{"a":' * 5000,
                "nonsense",
                "\x00",
            ]
        )
    return text


async def _send(home: House, frame: str, chance: random.Random) -> None:
    """Over one of the connections that are open; whoever lost theirs gets a new one first."""
    connections = home.slack.connections
    await connections.reached(1)
    ready = [each for each in connections.open if not each.leaving and not each.socket.closed]
    with contextlib.suppress(ConnectionError):
        await chance.choice(ready).socket.send_str(frame)


async def _settled(home: House, result: Fuzzed) -> None:
    """Until a request that is well answers: what came before it on its connection has been read by then."""
    for _ in range(2):  # one for each connection, in turn
        reply = await home.slack.person("ana").types("/incident list", "general")
        result.answers["ok" if reply.error is None else "not ok"] += 1
        if reply.error is not None:
            result.failed.append(f"after a batch of frames: {reply.error}")
    await home.bot.delivery.idle()


@contextlib.asynccontextmanager
async def _attacked(transport: Transport) -> AsyncIterator[tuple[House, list[Recorded]]]:
    """A bot that has lived through a story, and the payloads of it."""
    async with house(transport) as home:
        yield home, await recorded(home)


async def _timeline(home: House) -> list[Row]:
    def body(transaction: Transaction) -> list[Row]:
        return transaction.all(
            "select incident, version, type, data from timeline order by incident, version"
        )

    return await home.bot.engine.read(body)


def _difference(before: list[Row], after: list[Row], bodies: list[tuple[bytes, str]]) -> list[str]:
    """Events that came in between, with the requests they may have come from."""
    new = [row for row in after if row not in before and row["type"] not in BY_THE_CLOCK]
    if not new:
        return []
    guilty = [body[:2000] for body, _ in bodies if any(_marks(row, body) for row in new)] or [
        b"one of the batch"
    ]
    return [
        f"{row['type']} of INC-{row['incident']}: {row['data'][:200]} after {guilty[:3]!r}" for row in new
    ]


def _marks(row: Row, body: bytes) -> bool:
    values = [str(value) for value in json.loads(row["data"]).values() if isinstance(value, str)]
    said = unquote_plus(body.decode("utf-8", "replace"))
    return any(value in said for value in values if value)


async def _works_still(home: House, result: Fuzzed) -> None:
    """Everything that a person can do is still done."""
    home.titles += 900
    room = await home.declared("chi")
    await home.person("dee").leads(room)
    verdict = await home.verdict()
    result.failed += [f"afterwards: {problem}" for problem in verdict.problems() if NOBODY not in problem]


# what is not signed --------------------------------------------------------------------------------------


async def unsigned(thrown: int, seed: int) -> Fuzzed:
    """Unsigned, forged and replayed requests: 401, nothing stored, and hardly any work."""
    result, chance, began = Fuzzed("unsigned", seed), random.Random(seed), time.monotonic()
    with complaints() as heard:
        async with _attacked("http") as (home, known), aiohttp.ClientSession() as session:
            url = f"{home.bot.url}/slack/events"
            before = await _timeline(home)
            for _ in range(thrown):
                body, kind = chance.choice(known).over_http()
                headers = _forged(home.slack.signing_secret, body, chance)
                async with session.post(url, data=body, headers={**headers, "Content-Type": kind}) as answer:
                    await answer.read()
                    result.answers[str(answer.status)] += 1
                    if answer.status != 401:
                        result.failed.append(f"{answer.status} with {headers}")
            result.thrown = thrown
            result.stored += _difference(before, await _timeline(home), [])
            result.failed += await _dear(session, home)
        result.logged += heard.found
    result.seconds = time.monotonic() - began
    return result


def _forged(secret: str, body: bytes, chance: random.Random) -> dict[str, str]:
    """Headers that are not Slack's signature of this body now."""
    now = int(time.time())
    right = sign(secret, body, now)
    ways: list[dict[str, str]] = [
        {},
        {**right, "x-slack-signature": "v0=" + "0" * 64},
        {**right, "x-slack-signature": right["x-slack-signature"][:-1]},
        {**right, "x-slack-request-timestamp": str(now + 1)},
        sign(secret, body, now - 3600),
        sign(secret, body, now + 3600),
        sign(secret, body + b" ", now),
        sign("another secret", body, now),
        {"x-slack-signature": right["x-slack-signature"]},
        {**right, "x-slack-request-timestamp": "soon"},
        {**right, "x-slack-request-timestamp": "9" * 300},
    ]
    return chance.choice(ways)


async def _dear(session: aiohttp.ClientSession, home: House) -> list[str]:
    """Whether a request that nobody signed costs more than one to a page that is not there."""

    async def seconds(path: str) -> float:
        began = time.process_time()
        for _ in range(TRIED_FOR_COST):
            async with session.post(
                f"{home.bot.url}{path}", data=b"payload=" + b"x" * 1000, headers={"Content-Type": FORM}
            ) as answer:
                await answer.read()
        return time.process_time() - began

    nowhere, refused = await seconds("/nowhere"), await seconds("/slack/events")
    return [] if refused < CHEAP * nowhere else [f"a 401 costs {refused / nowhere:.1f} times a 404"]
