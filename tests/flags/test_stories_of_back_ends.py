"""One story with each back-end of others, through the whole bot: held, lost behind our back, held again, undone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.app import Firebreak, firebreak
from bot.config import Settings
from bot.sandbox.server import Sandbox
from bot.slack.manifest import manifest
from tests.flags.fakes import flagsmith, launchdarkly, unleash
from tests.flags.serving import SWITCH

FLAG = "risky-gateway"
SOMEBODY = "bo@example.com"


class Place(ABC):
    """Where the flag is kept: the settings that name it, and what people do and see there."""

    settings: str
    token = ""
    blames = SOMEBODY  # whom the channel is told of

    @abstractmethod
    def decides(self) -> Any:
        """Everything that decides what is served."""

    @abstractmethod
    def bring_back(self) -> None:
        """Somebody switches it on, and not through us."""


class AtUnleash(Place):
    settings = 'kind = "unleash"\nurl = "{url}"\nenvironments = {{ production = "production" }}'
    token = unleash.EDITOR

    def __init__(self, fake: unleash.FakeUnleash) -> None:
        self.fake, self.url = fake, fake.url

    def decides(self) -> Any:
        here = self.fake.here(FLAG)
        return here["enabled"], json.dumps(here["strategies"])

    def bring_back(self) -> None:
        self.fake.switch(FLAG, on=True, by=SOMEBODY)


class AtLaunchDarkly(Place):
    settings = 'kind = "launchdarkly"\nurl = "{url}"\nenvironments = {{ production = "production" }}'
    token = launchdarkly.WRITER

    def __init__(self, fake: launchdarkly.FakeLaunchDarkly) -> None:
        self.fake, self.url = fake, fake.url

    def decides(self) -> Any:
        here = self.fake.here(FLAG)
        return here["on"], json.dumps([here["rules"], here["fallthrough"], here["targets"]])

    def bring_back(self) -> None:
        self.fake.change(FLAG, by=SOMEBODY, what="turned on the flag", on=True)


class AtFlagsmith(Place):
    settings = (
        f'kind = "flagsmith"\nurl = "{{url}}"\nproject = "{flagsmith.PROJECT}"\n'
        f'environments = {{{{ production = "{flagsmith.KEY}" }}}}'
    )
    token = flagsmith.WRITER

    def __init__(self, fake: flagsmith.FakeFlagsmith) -> None:
        self.fake, self.url = fake, fake.url
        self.blames = "user 12" if fake.versions else "somebody"

    def decides(self) -> Any:
        return [self.fake.serves(FLAG, pro=pro) for pro in (True, False)]

    def bring_back(self) -> None:
        for segment in (None, flagsmith.PRO):
            self.fake.change(FLAG, self.fake.state(FLAG, segment), by=flagsmith.BO, enabled=True)


class InAFile(Place):
    settings = 'kind = "flagd-file"\nenvironments = {{ production = "{url}" }}'
    blames = "somebody"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "flags.json"
        self.url = str(self.path)
        self.before = json.dumps(
            {"flags": {FLAG: SWITCH | {"targeting": {"if": [True, "on", "off"]}}}}, indent=3
        )
        self.path.write_text(self.before)

    def decides(self) -> Any:
        return self.path.read_text()

    def bring_back(self) -> None:
        self.path.write_text(self.before)


@pytest.fixture
def slack_manifest() -> dict[str, Any]:
    return manifest("socket")


@pytest_asyncio.fixture(
    params=["unleash", "launchdarkly", "flagsmith", "flagsmith with versions", "flagd-file"]
)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with contextlib.AsyncExitStack() as stack:
        match request.param:
            case "unleash":
                there = await stack.enter_async_context(unleash.FakeUnleash().serving())
                there.make(FLAG)
                yield AtUnleash(there)
                assert there.surprises == []
            case "launchdarkly":
                dark = await stack.enter_async_context(launchdarkly.FakeLaunchDarkly().serving())
                dark.make(FLAG)
                yield AtLaunchDarkly(dark)
                assert dark.surprises == []
            case "flagd-file":
                yield InAFile(tmp_path)
            case kind:
                fake = flagsmith.FakeFlagsmith(versions="versions" in kind)
                smith = await stack.enter_async_context(fake.serving())
                smith.make(FLAG)
                yield AtFlagsmith(smith)
                assert smith.surprises == []


@pytest.fixture
def settings(slack: Sandbox, place: Any, tmp_path: Path) -> Settings:
    config = tmp_path / "firebreak.toml"
    named = "" if not place.token else '\ntoken_from = "TOKEN"'
    config.write_text(f"[flags.backends.there]\n{place.settings.format(url=place.url)}{named}\n")
    return Settings.load(
        {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "TOKEN": place.token,
            "FIREBREAK_DATABASE": str(tmp_path / "firebreak.db"),
        },
        config,
    )


async def becomes(bot: Firebreak, kind: str, times: int = 1) -> None:
    """It was asked for in the background."""
    async with asyncio.timeout(20):
        while sum(each.event.type == kind for each in await bot.incidents.timeline(1)) < times:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_flag_elsewhere_is_held_found_lost_held_again_and_undone_exactly(
    slack: Sandbox, place: Place, settings: Settings
) -> None:
    ana, bo = slack.person("ana"), slack.person("bo")
    before = place.decides()
    async with firebreak(settings) as bot:
        await ana.types("/incident P1 checkout returns 500", "general")
        await bot.delivery.idle()
        channel = slack.channel("inc-1-…")
        await bo.joins(channel)
        await ana.types(f"/flag kill there:{FLAG} errors began", channel)
        await ana.clicks("Switch off in production")
        await becomes(bot, "flag_contained")
        await ana.sees("Confirmed in ", channel)
        held = place.decides()
        assert held != before
    place.bring_back()
    async with firebreak(settings) as bot:
        page = slack.text_of(await ana.sees(f"there:{FLAG} is not held any more", channel))
        assert f"changed by {place.blames}" in page
        await ana.clicks("Contain again", channel=channel)
        await becomes(bot, "flag_contained", 2)
        assert place.decides() == held
        assert "is being let go" in (await bo.types(f"/flag undo {FLAG}", channel)).text
        await becomes(bot, "flag_restored")
        log = (await ana.types(f"/flag log there:{FLAG}", channel)).text
        assert (log.count("hold, done"), log.count("let go, done")) == (2, 1)
    assert place.decides() == before
