"""Malformed requests at both doors, a few hundred; `make chaos` throws a hundred thousand."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaos import fuzz
from chaos.fuzz import Fuzzed
from chaos.house import House, house
from chaos.ledger import Asked, Ledger, difference
from chaos.mutations import mutated
from chaos.recording import FORM, JSON, Recorded

THROWN = 200
SEED = 41

PRESS = Recorded(
    "interactive",
    {
        "type": "block_actions",
        "user": {"id": "U01ANA", "name": "ana"},
        "team": {"id": "T0SANDBOX"},
        "trigger_id": "1.2.3",
        "actions": [{"type": "button", "action_id": "respond.take_lead", "block_id": "b", "value": "{}"}],
    },
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("door", [fuzz.http, fuzz.socket])
async def test_nothing_malformed_breaks_a_door(door: fuzz.Door) -> None:
    result = await door(THROWN, SEED)
    assert result.problems() == [], result.line
    assert result.thrown == THROWN


async def test_what_is_not_signed_is_refused_cheaply() -> None:
    result = await fuzz.unsigned(60, SEED)
    assert result.problems() == [], result.line
    assert result.answers == {"401": 60}


@pytest.fixture
async def attacked() -> AsyncIterator[tuple[House, aiohttp.ClientSession]]:
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(house("http"))
        yield home, await stack.enter_async_context(aiohttp.ClientSession())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(sorted(PRESS.payload)), value=ANYTHING)
async def test_a_press_with_anything_in_any_place_is_no_mistake(
    attacked: tuple[House, aiohttp.ClientSession], place: str, value: object
) -> None:
    home, session = attacked
    body, kind = Recorded(PRESS.kind, {**PRESS.payload, place: value}).over_http()
    result = Fuzzed("hypothesis", 0)
    with fuzz.complaints() as heard:
        await fuzz.throw(session, home, [(body, kind)], result)
    assert (result.failed, heard.found) == ([], [])


@pytest.mark.parametrize(("size", "kind"), [(3_000_000, FORM), (3_000_000, JSON), (1_100_000, FORM)])
async def test_a_body_that_slack_would_never_send_is_too_large(
    attacked: tuple[House, aiohttp.ClientSession], size: int, kind: str
) -> None:
    home, session = attacked
    result = Fuzzed("large", 0)
    await fuzz.throw(session, home, [(b"x" * size, kind)], result)
    assert result.answers == {"413": 1}


# The fuzzer and the ledger themselves: they must be able to fail.


def test_the_same_seed_throws_the_same_requests() -> None:
    thrown = [[mutated(PRESS, chance) for _ in range(50)] for chance in (random.Random(7), random.Random(7))]
    assert thrown[0] == thrown[1]


def test_mutations_are_wrong_in_many_ways() -> None:
    chance = random.Random(7)
    original = PRESS.over_http()
    different = {body for body, _ in (mutated(PRESS, chance) for _ in range(300))}
    assert original[0] not in different
    assert len(different) > 150


def test_the_ledger_sees_what_is_lost_and_what_is_doubled() -> None:
    ledger = Ledger()
    ledger.accept(Asked("note_added", "kept", 1))
    ledger.accept(Asked("note_added", "lost", 1))
    rows = [
        {"type": "note_added", "incident": 1, "data": json.dumps({"text": text})}
        for text in ("kept", "kept", "never asked")
    ]
    found = difference(ledger, rows)
    assert len(found.lost) == 1
    assert len(found.doubled) == 2
