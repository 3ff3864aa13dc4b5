"""How long a click waits for its 200: ours, with a commit to disk, beside a Bolt listener that does nothing."""

from __future__ import annotations

import contextlib
import statistics
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from benchmarks.bot import Running, running
from benchmarks.requests import Door
from bot.domain.vocabulary import Severity
from bot.services.incidents import Actor
from bot.slack.ids import Action, StepAim, pack

CLICKS = 60  # a side and run; with five runs enough for a p95 of 300
TOGETHER = 30
ANA = Actor("U01ANA", "ana")


@dataclass(frozen=True)
class Ratio:
    """Ours ÷ theirs, and the milliseconds behind it."""

    ours_p50: float
    theirs_p50: float
    p50: float
    p95: float


@dataclass
class Bench:
    bot: Running
    noop: Door
    step: str
    pressed: int = 0

    async def one_at_a_time(self) -> Ratio:
        return _ratio(
            await self.bot.door.one_by_one(self._clicks()), await self.noop.one_by_one(self._clicks())
        )

    async def thirty_at_once(self) -> Ratio:
        return _ratio(
            await self.bot.door.at_once(self._clicks(), TOGETHER),
            await self.noop.at_once(self._clicks(), TOGETHER),
        )

    def _clicks(self) -> list[dict[str, Any]]:
        """Done and Undo in turn, so that every one of them stores an event."""
        clicks = []
        for _ in range(CLICKS):
            self.pressed += 1
            action = Action.STEP_DONE if self.pressed % 2 else Action.STEP_UNDO
            clicks.append(_click(self.bot, action, pack(StepAim(incident=1, step=self.step))))
        return clicks


def _click(bot: Running, action: str, value: str) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": bot.bot.identity.team_id, "domain": "sandbox"},
        "user": {"id": ANA.id, "name": ANA.name, "team_id": bot.bot.identity.team_id},
        "api_app_id": bot.slack.workspace.app.id,
        "trigger_id": uuid.uuid4().hex,
        "channel": {"id": "C1", "name": "inc-1"},
        "container": {"type": "message", "message_ts": "1.0", "channel_id": "C1"},
        "actions": [
            {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.0"}
        ],
    }


def _ratio(ours: list[float], theirs: list[float]) -> Ratio:
    return Ratio(
        ours_p50=statistics.median(ours),
        theirs_p50=statistics.median(theirs),
        p50=statistics.median(ours) / statistics.median(theirs),
        p95=_p95(ours) / _p95(theirs),
    )


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


@contextlib.asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Both apps, listening in this process."""
    async with running() as bot, _noop(bot) as noop:
        declared = await bot.bot.incidents.declare(
            ANA, title="checkout returns 500", severity=Severity.P0, key="bench"
        )
        await bot.bot.delivery.idle()
        yield Bench(bot, noop, declared.incident.items[0].step.id)


@contextlib.asynccontextmanager
async def _noop(bot: Running) -> AsyncIterator[Door]:
    """Bolt as its documentation shows it, with a listener that acknowledges and does nothing else."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T", bot_token="xoxb-noop")

    app = AsyncApp(signing_secret=bot.slack.signing_secret, authorize=authorize)

    @app.action(Action.STEP_DONE)
    @app.action(Action.STEP_UNDO)
    async def acknowledge(ack: Any) -> None:
        await ack()

    runner = web.AppRunner(app.web_app(path="/slack/events"))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield replace(bot.door, url=f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    finally:
        await runner.cleanup()
