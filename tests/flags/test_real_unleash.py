"""The same promises against a real Unleash, and its own client as the application. Run by `make test-unleash`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.flags.protocol import Denied
from bot.flags.unleash import Unleash
from chaos.applications import application
from tests.flags.conformance import WHO, Conformance, Rig, WithTokens, contained, restored
from tests.postgres import Server

FOLDER = "FIREBREAK_TEST_UNLEASH"
ADMIN, BACKEND = "*:*.admin-of-these-tests", "default:production.read-by-these-tests"
PASSWORD = "Correct-Horse-Battery-9"
ROLES = {"bot": 2, "viewer": 3}  # Unleash's own numbers of Editor and Viewer
STARTS_WITHIN = 60.0  # seconds; two are usual
CONSUMER = Path(__file__).parents[2] / "chaos" / "unleash_consumer.py"

pytestmark = [pytest.mark.unleash, pytest.mark.timeout(180)]


class RealUnleash:
    """A server that can be stopped and started again on one database."""

    def __init__(self, folder: Path, database: Server) -> None:
        self.folder, self._database = folder, database
        self.python = str(folder.absolute() / "venv" / "bin" / "python")
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.tokens: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Unless it runs."""
        if self._process is not None:
            return
        given = {
            "DATABASE_URL": self._database.tcp_url(),
            "DATABASE_SSL": "false",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(self.port),
            "CHECK_VERSION": "false",
            "SEND_TELEMETRY": "false",
            "INIT_ADMIN_API_TOKENS": ADMIN,
            "INIT_BACKEND_API_TOKENS": BACKEND,
        }
        program = "node_modules/unleash-server/dist/server.js"
        self._process = subprocess.Popen(
            ["node", program],
            cwd=self.folder,
            env=os.environ | given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/health").close()
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def review(self, environment: str, *, wanted: bool) -> None:
        """Switch change requests on or off; without an Enterprise licence only its table can say so."""
        with psycopg.connect(self._database.url, autocommit=True) as connection:
            connection.execute("delete from change_request_settings")
            if wanted:
                connection.execute(
                    "insert into change_request_settings (project, environment, required_approvals)"
                    " values ('default', %s, 1)",
                    [environment],
                )


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[RealUnleash]:
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip("no Unleash server to try: make test-unleash")
    postgres: Server = request.getfixturevalue("postgres")
    if not postgres.is_ours:
        pytest.skip("Unleash needs a whole PostgreSQL of its own: unset TEST_PG_DSN")
    unleash = RealUnleash(Path(folder), postgres)
    try:
        unleash.start()
        yield unleash
    finally:
        unleash.stop()


class RealRig(Rig):
    project = "default"

    def __init__(self, server: RealUnleash, session: aiohttp.ClientSession) -> None:
        self.server, self._session = server, session

    async def open(self) -> None:
        """Empty, and with a token of each kind."""
        self.server.start()
        self.server.review(self.env, wanted=False)
        for name, role in ROLES.items():
            if name not in self.server.tokens:
                self.server.tokens[name] = await self._token_for(name, role)
        found = await self.asks("GET", "search/features?project=IS:default&limit=100")
        for feature in found["features"]:
            await self.asks("DELETE", f"projects/default/features/{feature['name']}")
            await self.asks("DELETE", f"archive/{feature['name']}")
        self.backend = self.with_token(self.server.tokens["bot"])

    async def _token_for(self, name: str, role: int) -> str:
        person = {"username": name, "rootRole": role, "sendEmail": False, "password": PASSWORD}
        await self.asks("POST", "user-admin", person)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            login = {"username": name, "password": PASSWORD}
            async with browser.post(f"{self.server.url}/auth/simple/login", json=login) as answer:
                answer.raise_for_status()
            wanted = {"description": "firebreak", "expiresAt": "2099-01-01T00:00:00Z"}
            async with browser.post(f"{self.server.url}/api/admin/user/tokens", json=wanted) as answer:
                answer.raise_for_status()
                secret: str = (await answer.json())["secret"]
                return secret

    def with_token(self, token: str, **settings: Any) -> Unleash:
        return Unleash("unleash", self._session, self.server.url, token, **settings)

    async def asks(self, method: str, path: str, body: Any = None) -> Any:
        """As somebody with every right."""
        address = f"{self.server.url}/api/admin/{path}"
        async with self._session.request(
            method, address, json=body, headers={"Authorization": ADMIN}
        ) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None) if await answer.read() else None

    async def make(self, key: str, rollout: int = 37) -> None:
        place = f"projects/default/features/{key}/environments/{self.env}"
        await self.asks("POST", "projects/default/features", {"name": key, "type": "release"})
        parameters = {"rollout": str(rollout), "stickiness": "default", "groupId": key}
        strategy = {"name": "flexibleRollout", "parameters": parameters, "constraints": []}
        await self.asks("POST", f"{place}/strategies", strategy)
        await self.asks("POST", f"{place}/on")

    async def edit(self, key: str) -> None:
        strategy = (await self.decides(key))["strategies"][0]
        rollout = str(int(strategy["parameters"]["rollout"]) + 1)
        changed = {**strategy, "parameters": {**strategy["parameters"], "rollout": rollout}}
        number = changed.pop("id")
        place = f"projects/default/features/{key}/environments/{self.env}/strategies/{number}"
        await self.asks("PUT", place, changed)

    async def switch_on(self, key: str) -> None:
        await self.asks("POST", f"projects/default/features/{key}/environments/{self.env}/on")

    async def decides(self, key: str) -> Any:
        feature = await self.asks("GET", f"projects/default/features/{key}")
        here = next(each for each in feature["environments"] if each["name"] == self.env)
        return {name: here[name] for name in ("enabled", "strategies")}

    async def go_down(self) -> None:
        await asyncio.to_thread(self.server.stop)

    async def with_bad_token(self) -> Unleash:
        return self.with_token("wrong-token")

    async def with_reading_token(self) -> Unleash:
        return self.with_token(self.server.tokens["viewer"])

    async def want_approval(self, key: str) -> None:
        self.server.review(self.env, wanted=True)


@pytest.fixture
async def rig(server: RealUnleash) -> AsyncIterator[RealRig]:
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        rig = RealRig(server, session)
        await rig.open()
        yield rig


class TestRealUnleash(Conformance, WithTokens):
    @pytest.fixture
    async def rig(self, rig: RealRig) -> RealRig:
        return rig


async def test_an_application_with_unleashs_own_client_sees_the_kill_and_the_undo(rig: RealRig) -> None:
    await rig.make("gateway", rollout=100)
    address, python = f"{rig.server.url}/api", rig.server.python
    async with application(address, BACKEND, program=CONSUMER, python=python) as shop:
        await shop.serves("gateway", True)
        receipt = await contained(rig, "gateway")
        began = time.monotonic()
        await shop.serves("gateway", False)
        seconds = time.monotonic() - began
        await restored(rig, receipt)
        await shop.serves("gateway", True)
    assert seconds < rig.backend.caps.effect_seconds


async def test_an_admins_token_is_found_out_and_would_have_passed_by_the_review(rig: RealRig) -> None:
    await rig.make("gateway")
    rig.server.review(rig.env, wanted=True)
    admin = rig.with_token(ADMIN)
    assert (await admin.health()).admin
    with pytest.raises(Denied, match="admin"):
        await admin.contain(rig.ref("gateway"), **WHO, op_id="op")
    assert (await rig.backend.health()).token == "may switch"
    assert not (await rig.with_token(BACKEND).health()).reachable
