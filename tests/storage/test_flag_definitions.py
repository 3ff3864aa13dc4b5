"""The flag table by environment: definitions, overrides, the log, and what a reader is told has changed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.domain.flags import Definition
from bot.domain.vocabulary import Refused
from bot.storage import flag_definitions, flag_log, flag_overrides
from bot.storage.engine import Engine
from bot.storage.flag_definitions import Stored
from bot.storage.flag_overrides import FlagMoved, Held
from tests.domain.samples import NOON
from tests.domain.test_flags import ROLLOUT
from tests.storage.doing import TEAM, everything, rows

PROD, STAGING = "production", "staging"


async def defined(engine: Engine, *keys: str, env: str = PROD, **values: object) -> list[str]:
    definitions = [Definition.read(key, ROLLOUT | values) for key in keys]
    return await engine.write(
        lambda transaction: flag_definitions.define(transaction, TEAM, env, definitions, by="bo", now=NOON)
    )


async def stored(engine: Engine, key: str = "gateway", env: str = PROD) -> Stored:
    found = await engine.read(lambda transaction: flag_definitions.find(transaction, TEAM, env, key))
    assert found is not None
    return found


async def held(engine: Engine, key: str = "gateway", *, minutes: int = 0, env: str = PROD) -> Held:
    return await engine.write(
        lambda transaction: flag_overrides.put_override(
            transaction,
            TEAM,
            env=env,
            key=key,
            actor="ana",
            reason="errors began",
            now=NOON + timedelta(minutes=minutes),
            review_at=NOON + timedelta(hours=4),
            policy="responders",
        )
    )


async def let_go(engine: Engine, key: str = "gateway", *, expected: str | None = None) -> Held:
    return await engine.write(
        lambda transaction: flag_overrides.remove_override(
            transaction, TEAM, env=PROD, key=key, actor="bo", now=NOON, expected=expected
        )
    )


async def test_a_held_flag_serves_its_safe_variant_and_the_definition_stays(engine: Engine) -> None:
    await defined(engine, "gateway")
    before = await stored(engine)
    after = (await held(engine)).after
    assert after.definition == before.definition
    assert json.loads(after.serving)["defaultVariant"] == "old"
    assert "targeting" not in json.loads(after.serving)
    assert after.override is not None
    assert (after.override.actor, after.override.reason, after.override.incident) == (
        "ana",
        "errors began",
        None,
    )
    assert (after.override.review_at, after.override.policy) == ("2026-11-21T16:00:00.000Z", "responders")
    assert after.override.holder == "ana"


async def test_a_flag_that_is_let_go_serves_its_rules_again_byte_for_byte(engine: Engine) -> None:
    await defined(engine, "gateway")
    before = await stored(engine)
    await held(engine)
    assert (await let_go(engine)).after == before == await stored(engine)
    assert before.serving == json.dumps(ROLLOUT, separators=(",", ":"))


async def test_holding_twice_is_holding_once(engine: Engine) -> None:
    await defined(engine, "gateway")
    first, second = await held(engine), await held(engine, minutes=1)
    assert (first.changed, second.changed) == (True, False)
    assert second.after == first.after
    assert len(await rows(engine, "select * from flag_event where kind = 'held'")) == 1


async def test_letting_go_loses_against_whoever_changed_it_since(engine: Engine) -> None:
    await defined(engine, "gateway")
    seen = (await held(engine)).after.token
    await let_go(engine)
    again = await held(engine, minutes=1)
    with pytest.raises(FlagMoved) as moved:
        await let_go(engine, expected=seen)
    assert moved.value.current == again.after == await stored(engine)
    assert (await let_go(engine, expected=again.after.token)).changed
    assert not (await let_go(engine, expected=seen)).changed  # it is let go already, which was wanted


async def test_a_flag_that_declares_no_safe_variant_is_not_held(engine: Engine) -> None:
    await defined(engine, "gateway", metadata={})
    before = await everything(engine)
    with pytest.raises(Refused, match="does not say which of its variants is safe"):
        await held(engine)
    with pytest.raises(Refused, match="no flag `search` in production"):
        await held(engine, "search")
    assert await everything(engine) == before


async def test_a_flag_that_is_held_is_neither_changed_nor_removed(engine: Engine) -> None:
    await defined(engine, "gateway", "search")
    await held(engine)
    before = await everything(engine)
    with pytest.raises(Refused, match="held by ana"):
        await defined(engine, "search", "gateway", state="DISABLED")
    with pytest.raises(Refused, match="held by ana"):
        await engine.write(
            lambda transaction: flag_definitions.remove(transaction, TEAM, PROD, "gateway", by="bo", now=NOON)
        )
    assert await everything(engine) == before
    assert await defined(engine, "gateway") == []  # the same definition again changes nothing


async def test_environments_know_nothing_of_each_other(engine: Engine) -> None:
    await defined(engine, "gateway")
    await defined(engine, "gateway", env=STAGING, defaultVariant="old")
    await held(engine)
    assert (await stored(engine, env=STAGING)).override is None
    assert (await stored(engine, env=STAGING)).definition.serves.startswith("old")
    assert await engine.read(lambda transaction: flag_definitions.keys(transaction, TEAM, "moon")) == []


async def test_a_reader_is_told_only_what_has_changed_since_it_looked(engine: Engine) -> None:
    await defined(engine, "a", "b", "c", env=PROD)
    await defined(engine, "a", env=STAGING)
    whole = await engine.read(lambda transaction: flag_definitions.document(transaction, TEAM, PROD))
    assert set(whole.flags) == {"a", "b", "c"}
    await held(engine, "b")
    await engine.write(
        lambda transaction: flag_definitions.remove(transaction, TEAM, PROD, "c", by="bo", now=NOON)
    )
    news = await engine.read(
        lambda transaction: flag_definitions.changes(transaction, TEAM, PROD, after=whole.revision)
    )
    assert set(news.flags) == {"b", "c"}
    assert news.flags["c"] is None
    assert json.loads(news.flags["b"] or "")["defaultVariant"] == "old"
    again = await engine.read(
        lambda transaction: flag_definitions.changes(transaction, TEAM, PROD, after=news.revision)
    )
    assert (again.revision, again.flags) == (news.revision, {})


async def test_many_changes_are_read_in_parts(engine: Engine) -> None:
    names = [f"flag-{number}" for number in range(flag_definitions.ASKED_AT_ONCE + 3)]
    await defined(engine, *names)
    news = await engine.read(lambda transaction: flag_definitions.changes(transaction, TEAM, PROD, after=0))
    assert set(news.flags) == set(names)
    assert all(news.flags.values())


async def test_the_log_says_what_happened_newest_first(engine: Engine) -> None:
    await defined(engine, "gateway", "search")
    await held(engine)
    await let_go(engine)
    told = await engine.read(lambda transaction: flag_log.history(transaction, TEAM, env=PROD, key="gateway"))
    assert [(each.kind.value, each.actor, each.before, each.after) for each in told] == [
        ("released", "bo", "old", "new, or what its rules say"),
        ("held", "ana", "new, or what its rules say", "old"),
        ("defined", "bo", "", "new, or what its rules say"),
    ]
    later = NOON + timedelta(minutes=1)
    assert (
        await engine.read(lambda transaction: flag_log.history(transaction, TEAM, env=PROD, since=later))
        == []
    )
    assert len(await engine.read(lambda transaction: flag_log.history(transaction, TEAM, env=PROD))) == 4


async def test_the_time_to_look_again_moves_without_a_change_for_readers(engine: Engine) -> None:
    await defined(engine, "gateway")
    await held(engine)
    before = await engine.read(lambda transaction: flag_log.revision(transaction, TEAM, PROD))
    later = NOON + timedelta(hours=9)
    assert await engine.write(
        lambda transaction: flag_overrides.set_review(
            transaction, TEAM, env=PROD, key="gateway", review_at=later
        )
    )
    override = (await stored(engine)).override
    assert override is not None
    assert override.review_at == "2026-11-21T21:00:00.000Z"
    assert await engine.read(lambda transaction: flag_log.revision(transaction, TEAM, PROD)) == before


async def test_an_export_is_what_was_defined_or_what_is_served(engine: Engine) -> None:
    await defined(engine, "search", "gateway")
    await held(engine)

    async def exported(effective: bool) -> dict[str, dict[str, object]]:
        text = await engine.read(
            lambda transaction: flag_definitions.exported(transaction, TEAM, PROD, effective=effective)
        )
        flags: dict[str, dict[str, object]] = json.loads(text)["flags"]
        return flags

    assert await exported(False) == {"gateway": ROLLOUT, "search": ROLLOUT}
    served = await exported(True)
    assert list(served) == ["gateway", "search"]
    assert served["gateway"]["defaultVariant"] == "old"
    assert served["search"] == ROLLOUT
