"""The bot's own table, put through what every back-end promises."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.flags import Definition
from bot.flags.embedded import Embedded
from bot.flags.protocol import Unsupported
from bot.storage import flag_definitions, flag_overrides
from bot.storage.engine import Engine, Transaction
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import NOON
from tests.flags.conformance import Conformance, Rig, contained
from tests.flags.serving import SWITCH, TEAM

RULES = {"if": [{"in": ["@example.com", {"var": "email"}]}, "on", "off"]}


class EmbeddedRig(Rig):
    def __init__(self, engine: Engine, closing: contextlib.AsyncExitStack) -> None:
        self._engine, self._closing = engine, closing
        self.backend = Embedded(engine, team_id=TEAM, now=lambda: NOON)

    async def make(self, key: str) -> None:
        await self._define(key, targeting=RULES)

    async def edit(self, key: str) -> None:
        held = (await self.backend.get(self.ref(key))).contained
        if held:
            await self.switch_on(key)
        await self._define(key, targeting=RULES, defaultVariant="off")
        if held:
            await self._write(
                lambda transaction: flag_overrides.put_override(
                    transaction, TEAM, env=self.env, key=key, actor="bo", reason="mine", now=NOON
                )
            )

    async def switch_on(self, key: str) -> None:
        await self._write(
            lambda transaction: flag_overrides.remove_override(
                transaction, TEAM, env=self.env, key=key, actor="bo", now=NOON, expected=None
            )
        )

    async def decides(self, key: str) -> Any:
        stored = await self._engine.read(
            lambda transaction: flag_definitions.find(transaction, TEAM, self.env, key)
        )
        assert stored is not None
        return stored.serving

    async def go_down(self) -> None:
        await self._closing.aclose()

    async def define_without_a_safe_variant(self, key: str) -> None:
        await self._define(key, metadata={})

    async def _define(self, key: str, **data: Any) -> None:
        definition = Definition.read(key, SWITCH | data)
        await self._write(
            lambda transaction: flag_definitions.define(
                transaction, TEAM, self.env, [definition], by="bo", now=NOON
            )
        )

    async def _write(self, body: Callable[[Transaction], object]) -> None:
        await self._engine.write(body)


class TestEmbedded(Conformance):
    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[EmbeddedRig]:
        async with contextlib.AsyncExitStack() as stack:
            engine = await stack.enter_async_context(SqliteEngine.open(tmp_path / "firebreak.db"))
            yield EmbeddedRig(engine, stack)

    async def test_a_flag_that_declares_no_safe_variant_is_refused_with_the_reason(
        self, rig: EmbeddedRig
    ) -> None:
        await rig.define_without_a_safe_variant("gateway")
        assert "safeVariant" in str((await rig.backend.get(rig.ref("gateway"))).cannot)
        with pytest.raises(Unsupported, match="safeVariant"):
            await contained(rig, "gateway")
