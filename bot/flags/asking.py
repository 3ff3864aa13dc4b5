"""Ask a vendor's API: what each way of not answering means, said once for all vendors.

A read that failed changed nothing. A write whose answer is missing or unreadable may have been carried out: that is
`maybe_applied`, and whoever asked reads the flag again instead of writing twice. Nothing is tried again here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.domain.language import marked
from bot.flags.protocol import (
    BackendError,
    Conflict,
    Denied,
    NotFound,
    RateLimited,
    Unavailable,
    Unsupported,
)

PATIENCE = 10.0  # seconds for one request; people wait for it, and a slow one is read again anyway
RETRY_AFTER = 5.0  # seconds where a vendor says "too often" without saying until when
RETRY_AFTER_MOST = 600.0  # what a vendor's header may make us wait; nobody waits longer for a flag
ANSWER_MOST = 16 * 1024 * 1024  # bytes; a flag with a thousand rules has a few hundred thousand

DENIED = marked("{backend} does not let our token do that ({status}: {said}); nothing was switched.")
MISSING = marked("{backend} does not know that ({said}); nothing was switched.")
MOVED = marked(
    "{backend} says that somebody changes it at this moment ({said}); nothing was switched. Look again."
)
TOO_OFTEN = marked("{backend} is asked too often; nothing was switched. Try again in {seconds} s.")
NOT_TAKEN = marked("{backend} did not take it ({status}: {said}); nothing was switched.")
SILENT = marked("{backend} does not answer ({problem}); nothing was switched.")
IN_DOUBT = marked("{backend} gave no answer that says whether it was done ({problem}). It is being checked.")
SAID_MOST = 200  # characters of a vendor's own words in our sentence

Explain = Callable[[int, str], BackendError | None]


class Asking:
    """One vendor's API at `base`. `explain` may say what a status means with this vendor, before the usual is said.

    The session belongs to the caller. `headers` carry the token; they are sent to `base` alone, because redirects
    are not followed.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        backend: str,
        base: str,
        headers: Mapping[str, str],
        *,
        patience: float = PATIENCE,
        explain: Explain = lambda status, said: None,
    ) -> None:
        self._session = session
        self._backend = backend
        self._base = base.rstrip("/")
        self._headers = dict(headers)
        self._timeout = aiohttp.ClientTimeout(total=patience)
        self._explain = explain

    async def read(self, *path: str, headers: Mapping[str, str] | None = None, **query: str | int) -> Any:
        """The JSON at this path, each part of which is quoted. Raises BackendError."""
        _, answer = await self._ask("GET", path, query, None, headers, writes=False)
        return answer

    async def write(
        self,
        method: str,
        *path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: str | int,
    ) -> Any:
        """Change something; answers the JSON that came back, None without any. Raises BackendError."""
        _, answer = await self._ask(method, path, query, body, headers, writes=True)
        return answer

    async def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str | int],
        body: Any,
        headers: Mapping[str, str] | None,
        *,
        writes: bool,
    ) -> tuple[int, Any]:
        where = URL("/".join([self._base, *(quote(part, safe="") for part in path)]), encoded=True)
        try:
            async with self._session.request(
                method,
                where.with_query(query) if query else where,
                json=body,
                headers={**self._headers, **(headers or {})},
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                raw = await answer.content.read(ANSWER_MOST)
                status, said_headers = answer.status, answer.headers
                while not answer.content.at_eof() and len(raw) < ANSWER_MOST:
                    raw += await answer.content.read(ANSWER_MOST)
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise self._silent(error, writes=False) from error  # nobody was asked
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._silent(error, writes=writes) from error
        if 200 <= status < 300:
            return status, self._parsed(raw, writes=writes)
        raise self._refusal(status, raw, said_headers, writes=writes)

    def _parsed(self, raw: bytes, *, writes: bool) -> Any:
        if not raw.strip():
            return None
        try:
            return json.loads(raw)
        except ValueError as error:
            raise self._silent(error, writes=writes) from error

    def _refusal(self, status: int, raw: bytes, headers: Mapping[str, str], *, writes: bool) -> BackendError:
        said = _said(raw)
        explained = self._explain(status, said)
        if explained is not None:
            return explained
        words: dict[str, Any] = {
            "backend": self._backend,
            "status": status,
            "said": said or "no reason given",
        }
        match status:
            case 401 | 403:
                return Denied(DENIED, **words)
            case 404:
                return NotFound(MISSING, **words)
            case 409 | 412:
                return Conflict(MOVED, **words)
            case 429:
                seconds = retry_after(headers)
                return RateLimited(
                    TOO_OFTEN, retry_after=seconds, backend=self._backend, seconds=round(seconds)
                )
            case _ if 400 <= status < 500:
                return Unsupported(NOT_TAKEN, **words)
        problem = f"{status} {said}".strip()
        return self._doubt(problem) if writes else self._nothing(problem)

    def _silent(self, error: Exception, *, writes: bool) -> Unavailable:
        problem = (str(error) or type(error).__name__)[:SAID_MOST]
        return self._doubt(problem) if writes else self._nothing(problem)

    def _doubt(self, problem: str) -> Unavailable:
        return Unavailable(IN_DOUBT, maybe_applied=True, backend=self._backend, problem=problem)

    def _nothing(self, problem: str) -> Unavailable:
        return Unavailable(SILENT, backend=self._backend, problem=problem)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds until it may be asked again; a usual pause where no header says so, or what it says is no number.

    LaunchDarkly sends no Retry-After, but the moment itself, in milliseconds.
    """
    reset = headers.get("X-Ratelimit-Reset")
    try:
        seconds = float(headers.get("Retry-After") or (float(reset) / 1000 - time.time() if reset else ""))
    except ValueError:
        return RETRY_AFTER
    return min(max(seconds, 1.0), RETRY_AFTER_MOST) if seconds == seconds else RETRY_AFTER


def _said(raw: bytes) -> str:
    """The vendor's own sentence, if it can be found in what it answered."""
    text = raw[: 20 * SAID_MOST].decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:SAID_MOST]
    if isinstance(answer, dict):
        for name in ("message", "detail", "error", "name", "code"):
            if isinstance(answer.get(name), str):
                return " ".join(answer[name].split())[:SAID_MOST]
    return " ".join(text.split())[:SAID_MOST]
