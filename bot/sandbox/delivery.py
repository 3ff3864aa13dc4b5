"""One payload to the app and its answer: over a socket or as signed HTTP, in three seconds, events with retries."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.faults import Faults
from bot.sandbox.sockets import ConnectionBrokenError, Connections, NotConnectedError
from bot.sandbox.tasks import Tasks, TooLateError, within
from bot.sandbox.workspace import Change, Workspace

ANSWER_SECONDS = 3.0  # what Slack gives an app, whatever the payload: reference/interaction-payloads
RETRY_AFTER = (
    0.0,
    60.0,
    300.0,
)  # https://docs.slack.dev/apis/events-api#retries: at once, a minute, five minutes
MAX_REDIRECTS = 3  # aiohttp gives up on reaching this; Slack reports too_many_redirects above two
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True)
class Envelope:
    """One payload for the app. `accepts_response` says whether the acknowledgement may carry something."""

    kind: Kind
    payload: dict[str, Any]
    accepts_response: bool = True

    @property
    def target(self) -> str:
        """What faults aim at: the slash command, the payload's type, or the event's type."""
        if self.kind == "slash_commands":
            return str(self.payload["command"])
        if self.kind == "events_api":
            return str(self.payload.get("event", self.payload)["type"])
        return str(self.payload["type"])

    @property
    def name(self) -> str:
        """What the inspector calls it: the target, and which button or view it is about."""
        payload = self.payload
        about = [action["action_id"] for action in payload.get("actions", ())]
        about += [payload[key] for key in ("callback_id", "action_id") if payload.get(key)]
        if payload.get("view") and not about:
            about.append(payload["view"].get("callback_id") or "")
        return " ".join(filter(None, ["event" if self.kind == "events_api" else "", self.target, *about]))


@dataclass(frozen=True)
class Answer:
    """How the app took it. `error` is the code that Slack shows the person; `reason` is for event retries."""

    ok: bool
    status: int | None = None
    body: dict[str, Any] | None = None
    ms: float = 0.0
    error: str | None = None
    reason: str = ""
    no_retry: bool = False


@dataclass(frozen=True)
class Retry:
    """The how-manieth retry of an event this is, and why."""

    number: int
    reason: str


class Delivery:
    """Sends envelopes to the app. Use it as `async with`: it owns an HTTP session and the tasks of events."""

    def __init__(self, workspace: Workspace, connections: Connections, faults: Faults) -> None:
        self._workspace = workspace
        self._connections = connections
        self._faults = faults
        self._tasks = Tasks()
        self._http: aiohttp.ClientSession | None = None
        self._held: list[Envelope] = []  # events that will come after the next one
        self.in_flight = 0  # payloads that the app has and did not answer yet

    async def __aenter__(self) -> Delivery:
        # Slack's patience is measured by the workspace's clock, so the session must not have its own
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()
        if self._http is not None:
            await self._http.close()

    async def send(self, envelope: Envelope, retry: Retry | None = None) -> Answer:
        """Deliver once and wait at most three seconds for the app's answer."""
        if self._faults.take("duplicate_delivery", envelope.target) is not None:
            self._tasks.start(self._attempt(envelope, retry))
        return await self._attempt(envelope, retry)

    def send_event(self, payload: dict[str, Any]) -> None:
        """Deliver an event in the background, with Slack's retries until the app accepts it."""
        envelope = Envelope("events_api", payload, accepts_response=False)
        if self._faults.take("out_of_order", envelope.target) is not None:
            self._held.append(envelope)
            return
        late, self._held = self._held, []
        for one in (envelope, *late):
            self._tasks.start(self._persist(one))

    async def settled(self) -> None:
        """Wait until the app has answered every event that it was sent, or its retries are over."""
        await self._tasks.settled()

    async def verify_url(self) -> Answer:
        """The handshake that Slack does when a request URL is entered: it must answer with the challenge."""
        payload = {"type": "url_verification", "token": "sandbox", "challenge": self._workspace.new_id("ch")}
        answer = await self.send(Envelope("events_api", payload))
        if answer.ok and payload["challenge"] not in json.dumps(answer.body):
            return Answer(False, answer.status, answer.body, answer.ms, "challenge_failed")
        return answer

    async def _persist(self, envelope: Envelope) -> None:
        answer = await self.send(envelope)
        for number, seconds in enumerate(RETRY_AFTER, start=1):
            if answer.ok or answer.no_retry:
                return
            if seconds:
                await self._workspace.clock.sleep(seconds)
            answer = await self.send(envelope, Retry(number, answer.reason))

    async def _attempt(self, envelope: Envelope, retry: Retry | None) -> Answer:
        started = time.perf_counter()
        self.in_flight += 1
        over_socket = self._workspace.app.request_url is None
        try:
            if over_socket:
                answer = await self._over_socket(envelope, retry)
            else:
                answer = await self._over_http(envelope, retry)
        finally:
            self.in_flight -= 1
            self._workspace.changed(Change("delivery"))
        ms = (time.perf_counter() - started) * 1000
        detail = {
            "kind": envelope.kind,
            "over": "socket" if over_socket else "http",
            "payload": envelope.payload,
        }
        if retry is not None:
            detail["retry"] = {"number": retry.number, "reason": retry.reason}
        outcome = "ok" if answer.ok else f"{answer.error} ({answer.reason})"
        told = {"status": answer.status, "body": answer.body}
        self._workspace.record("in", envelope.name, outcome, ms, detail, told)
        return Answer(answer.ok, answer.status, answer.body, ms, answer.error, answer.reason, answer.no_retry)

    async def _over_socket(self, envelope: Envelope, retry: Retry | None) -> Answer:
        lose = self._faults.take("drop_socket", envelope.target) is not None
        sending = self._connections.send(
            envelope.kind,
            envelope.payload,
            accepts_response=envelope.accepts_response,
            retry=(retry.number, retry.reason) if retry is not None else None,
            lose=lose,
        )
        try:
            body = await within(self._workspace.clock, ANSWER_SECONDS, sending)
        except TooLateError:
            return Answer(False, error="operation_timeout", reason="timeout")
        except NotConnectedError:
            return Answer(False, error="dispatch_failed", reason="no_connection")
        except ConnectionBrokenError:
            return Answer(False, error="dispatch_failed", reason="connection_failed")
        return Answer(True, body=body)

    async def _over_http(self, envelope: Envelope, retry: Retry | None) -> Answer:
        body, content_type = _encode(envelope)
        headers = {"Content-Type": content_type, "User-Agent": USER_AGENT}
        headers.update(sign(self._workspace.app.signing_secret, body, int(time.time())))
        if retry is not None:
            headers["x-slack-retry-num"] = str(retry.number)
            headers["x-slack-retry-reason"] = retry.reason
        try:
            return await within(self._workspace.clock, ANSWER_SECONDS, self._post(body, headers))
        except TooLateError:
            return Answer(False, error="operation_timeout", reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return Answer(False, error="dispatch_failed", reason="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Answer(False, error="dispatch_failed", reason="ssl_error")
        except aiohttp.ClientConnectionError:
            return Answer(False, error="dispatch_failed", reason="connection_failed")
        except aiohttp.ClientError:
            return Answer(False, error="dispatch_failed", reason="unknown_error")

    async def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        url = self._workspace.app.request_url
        if self._http is None or url is None:
            raise AssertionError("signed HTTP needs a request URL and an open session")
        async with self._http.post(url, data=body, headers=headers, max_redirects=MAX_REDIRECTS) as response:
            text = (await response.read()).decode("utf-8", "replace")
            ok = 200 <= response.status < 300
            return Answer(
                ok,
                response.status,
                _decode(text, response.content_type),
                error=None if ok else "dispatch_failed",
                reason="" if ok else "http_error",
                no_retry=response.headers.get("x-slack-no-retry") == "1",
            )


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Slack's v0 signature. The timestamp is the machine's: the app checks it against its own clock."""
    base = b"v0:%d:%s" % (timestamp, body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": str(timestamp), "x-slack-signature": f"v0={digest}"}


def _encode(envelope: Envelope) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    match envelope.kind:
        case "slash_commands":
            return urlencode(envelope.payload).encode(), form
        case "interactive":
            return urlencode({"payload": json.dumps(envelope.payload)}).encode(), form
        case "events_api":
            return json.dumps(envelope.payload).encode(), "application/json"


def _decode(text: str, content_type: str) -> dict[str, Any] | None:
    """What the app said: JSON as it is, plain text as the `text` of a message, nothing as None."""
    if not text.strip():
        return None
    if content_type != "application/json":
        return {"text": text}
    try:
        body = json.loads(text)
    except ValueError:
        return {"text": text}
    return body if isinstance(body, dict) else {"text": text}
