"""The sandbox's Web API without its HTTP, in the loop's time: Slack's documented tiers, 80 ms a call."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.sandbox.arguments import Arguments
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import METHODS, Call
from bot.sandbox.tiers import Tiers
from bot.sandbox.triggers import Triggers
from bot.sandbox.workspace import Workspace
from bot.slack.budgets import Budgets

LATENCY = 0.08  # seconds a call takes, as in the other benchmarks


@dataclass
class LoopClock:
    """The loop's time as the sandbox's clock."""

    start: float

    def now(self) -> float:
        return self.start + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class NoConnections:
    """Nobody asks for a socket here."""

    async def open_url(self) -> str:
        raise SlackError("unknown_method")


class SimulatedSlack(AsyncWebClient):
    """Answers as the sandbox does, 80 ms later; counts calls, and how many Slack turned away."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(token=workspace.app.bot_token, retry_handlers=[])
        self.workspace = workspace
        workspace.base_url = "https://firebreak.slack.com"  # nobody goes there; permalinks begin with it
        self.calls: Counter[str] = Counter()
        self.turned_away = 0
        self._tiers = Tiers(workspace.clock)
        self._triggers = Triggers(workspace.clock)

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        values = {**(how.get("params") or {}), **(how.get("json") or {}), **(how.get("data") or {})}
        values = {name: value for name, value in values.items() if value is not None}
        await asyncio.sleep(LATENCY)
        self.calls[api_method] += 1
        try:
            body = {"ok": True, **await self._answer(api_method, values)}
        except SlackError as error:
            self.turned_away += error.status == 429
            answer = self._response(api_method, error.body(), error.status, dict(error.headers))
            raise SlackApiError(f"{api_method}: {error.body()}", answer) from error  # type: ignore[no-untyped-call]
        return self._response(api_method, body, 200, {})

    async def _answer(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        method = METHODS[name]
        self._tiers.admit(name, method.per_minute, str(values.get("channel", "")))
        call = Call(
            workspace=self.workspace,
            arguments=Arguments(values),
            app=self.workspace.app,
            triggers=self._triggers,
            connections=NoConnections(),
            later=lambda work: work.close(),
        )
        return await method.run(call)

    def _response(self, name: str, body: Any, status: int, headers: dict[str, str]) -> AsyncSlackResponse:
        return AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=f"https://slack.example/api/{name}",
            req_args={},
            data=dict(body),
            headers=headers,
            status_code=status,
        )


@dataclass
class Admission:
    """One call that the budgets were asked about: when first, and when they let it in."""

    method: str
    channel: str | None
    asked: float
    admitted: float | None = None


@dataclass
class WatchedBudgets(Budgets):
    """The bot's own budgets, with a record of every call that asked."""

    clock: Callable[[], float]
    record: list[Admission] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.clock)
        self._open: dict[tuple[int, str], Admission] = {}

    def take(self, method: str, holder: int, channel: str | None = None) -> None:
        asked = self._open.get((holder, method))
        if asked is None:
            asked = self._open[holder, method] = Admission(method, channel, self.clock())
            self.record.append(asked)
        super().take(method, holder, channel)
        asked.admitted = self.clock()
        del self._open[holder, method]
