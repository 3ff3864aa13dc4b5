"""Where applications ask for flags: OFREP, and flagd's HTTP sync.

An application that gets no answer, or an error, takes its own default, which may be the feature that was just
switched off. So nobody is ever told to come back later, and a token works on while its successor is introduced.

https://openfeature.dev/specification/appendix-c
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any, NoReturn

from aiohttp import web

from bot.flags.document import Document
from bot.flags.evaluating import Answer, Context, dumped, failure
from bot.flags.publishing import Publisher
from bot.flags.tokens import Tokens
from bot.web.ofrep_openapi import DESCRIPTION

ONE = "/ofrep/v1/evaluate/flags/{key}"
ALL = "/ofrep/v1/evaluate/flags"
EVENTS = "/ofrep/v1/events"
OPENAPI = "/ofrep/v1/openapi.json"
SYNC = "/flagd/flags.json"

BREATH = 100  # flags that are evaluated before others get a turn: some milliseconds
KEEP_ALIVE = 15.0  # seconds between two signs of life on a quiet stream; proxies give up after 60
KEY_SHOWN = 200
JSON = "application/json"
UNAUTHORIZED = Answer(
    401, dumped({"errorDetails": "Send one valid read token, as Authorization: Bearer or X-API-Key."})
)


class BadRequest(Exception):
    """What was asked cannot be understood: the code of OFREP and a sentence."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(details)
        self.code = code


def routes(publisher: Publisher, tokens: Tokens) -> list[web.RouteDef]:
    """All of them; each asks for a read token of the environment but the description and the stream."""
    door = _Door(publisher, tokens)
    return [
        web.post(ONE, door.one),
        web.post(ALL, door.all),
        web.get(EVENTS, door.events),
        web.get(OPENAPI, door.description),
        web.get(SYNC, door.sync),
    ]


class _Door:
    def __init__(self, publisher: Publisher, tokens: Tokens) -> None:
        self._publisher = publisher
        self._tokens = tokens

    async def one(self, request: web.Request) -> web.Response:
        """One flag for one context."""
        document = await self._document(request)
        if document is None:
            return _said(UNAUTHORIZED)
        key = request.match_info["key"]
        try:
            context = _context(await _body(request))
        except BadRequest as error:
            return _said(failure(400, key[:KEY_SHOWN], error.code, str(error)))
        evaluator = document.evaluator(key)
        if evaluator is None:
            details = f"there is no flag of this key in {document.environment}"
            return _said(failure(404, key[:KEY_SHOWN], "FLAG_NOT_FOUND", details))
        return _said(evaluator.answer(context))

    async def all(self, request: web.Request) -> web.Response:
        """Every flag for one context; 304 when document and context are those of the tag that was sent."""
        document = await self._document(request)
        if document is None:
            return _said(UNAUTHORIZED)
        try:
            context = _context(await _body(request))
        except BadRequest as error:
            return _said(failure(400, None, error.code, str(error)))
        while True:
            tag = self._tag(document, context)
            if _has(request, tag):
                return web.Response(status=304, headers={"ETag": f'"{tag}"'})
            revision, answers = document.revision, await _answers(document, context)
            if document.revision == revision:  # else somebody switched a flag in between: all of it again
                break
        stream = f"{EVENTS}?token={self._tokens.stream(document.environment)}"
        streams = [{"type": "sse", "endpoint": {"requestUri": stream}}]
        metadata = {"environment": document.environment, "revision": revision}
        rest = dumped({"metadata": metadata, "eventStreams": streams})
        body = b'{"flags":[' + b",".join(answers) + b"]," + rest[1:]
        return web.Response(body=body, content_type=JSON, headers={"ETag": f'"{tag}"'})

    async def sync(self, request: web.Request) -> web.Response:
        """The whole document as flagd reads it over HTTP."""
        document = await self._document(request)
        if document is None:
            return _said(UNAUTHORIZED)
        headers = {"ETag": f'"{document.etag}"'}
        if _has(request, document.etag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=document.text, content_type=JSON, headers=headers)

    async def description(self, _: web.Request) -> web.Response:
        return web.json_response(DESCRIPTION)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Tell a browser that it should ask again: once now, and at every change until its token expires."""
        found = self._tokens.stream_environment(request.query.get("token", ""))
        if found is None:
            return _said(UNAUTHORIZED)
        environment, seconds = found
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        end = asyncio.get_running_loop().time() + seconds
        document, told = self._publisher.document(environment), ""
        with self._publisher.listening() as changed:
            while not self._publisher.closing:
                changed.clear()
                left = end - asyncio.get_running_loop().time()
                if left <= 0:  # whoever asks again gets a new token with the answer
                    await response.write(_event(document))
                    break
                await response.write(_event(document) if document.etag != told else b":\n\n")
                told = document.etag
                try:
                    await asyncio.wait_for(changed.wait(), min(KEEP_ALIVE, left))
                except TimeoutError:
                    continue
        return response

    async def _document(self, request: web.Request) -> Document | None:
        """The document of the environment that the tokens sent with the request read; None: they are wrong."""
        authorization, key = request.headers.get("Authorization"), request.headers.get("X-API-Key")
        bearer = None
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            bearer = token.strip() if scheme.lower() == "bearer" else ""
        environment = self._tokens.among([bearer, key])
        return None if environment is None else await self._publisher.current(environment)

    def _tag(self, document: Document, context: Context) -> str:
        """Another one with another document, context or stream's token, and at any time where rules ask for it."""
        who = json.dumps([context.targeting_key, context.attributes], sort_keys=True)
        parts = [document.etag, str(self._tokens.window()), who]
        if document.asks_the_clock:
            parts.append(str(asyncio.get_running_loop().time()))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


async def _answers(document: Document, context: Context) -> list[bytes]:
    """What each flag answers; those that leave it to the application's default are left out."""
    answers = []
    for number, key in enumerate(tuple(document.keys), start=1):
        evaluator = document.evaluator(key)
        answer = None if evaluator is None else evaluator.answer(context)
        if answer is not None and answer.status != 404:
            answers.append(answer.body)
        if number % BREATH == 0:
            await asyncio.sleep(0)
    return answers


async def _body(request: web.Request) -> Any:
    """The request as JSON; clients that know nothing about their user send nothing, or an empty table."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise BadRequest("INVALID_CONTEXT", "the context is larger than a megabyte") from error
    if not raw.strip():
        return {}
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise BadRequest("PARSE_ERROR", "the body is not JSON") from error


def _context(body: Any) -> Context:
    """For whom is asked; takes the body over, which nobody else has."""
    context = body.get("context") if isinstance(body, dict) else body
    if context is None:
        context = {}
    if not isinstance(body, dict) or not isinstance(context, dict):
        raise BadRequest("INVALID_CONTEXT", "the body is a table, and so is its context")
    key = context.pop("targetingKey", None)
    if key is not None and not isinstance(key, str):
        raise BadRequest("INVALID_CONTEXT", "targetingKey is a text")
    return Context(key, context)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _has(request: web.Request, tag: str) -> bool:
    """Whether the caller has what this tag names already."""
    given = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    return "*" in given or f'"{tag}"' in given


def _event(document: Document) -> bytes:
    body = dumped({"type": "refetchEvaluation", "etag": document.etag})
    return b"id: " + document.etag.encode() + b"\ndata: " + body + b"\n\n"


def _said(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, content_type=JSON)
