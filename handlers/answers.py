"""How a request is answered: acknowledged once it is durable, refused in words, and never left without either.

Each of these wraps the one line that hands a request over: what it raises becomes a sentence to the person.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.vocabulary import Refused
from bot.slack.face import Drawing, Face
from bot.slack.ids import Blank
from bot.storage.engine import StorageError

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0  # the acknowledgement leaves after the answer, and Slack waits three seconds for it

NOT_STORED = Refused("It could not be stored, so nothing was changed. Try again in a moment.")


@contextlib.asynccontextmanager
async def pressing(face: Face, ack: AsyncAck, respond: AsyncRespond) -> AsyncIterator[None]:
    """A press on a button or a menu: the screen shows what it changed; a refusal is told in private."""
    try:
        yield
    except (Refused, StorageError) as error:
        await ack()
        await tell(respond, face.refusal(_refused(error)))
    else:
        await ack()


@contextlib.asynccontextmanager
async def submitting(face: Face, ack: AsyncAck, blank: Blank) -> AsyncIterator[None]:
    """A form: it closes, or stays open with the refusal under `blank`."""
    try:
        yield
    except (Refused, StorageError) as error:
        await ack(response_action="errors", errors={blank: face.plain_refusal(_refused(error))})
    else:
        await ack()


def refusal_of(face: Face, error: Refused | StorageError) -> str:
    """A refusal as the answer to a slash command."""
    return face.refusal(_refused(error))


def plain_refusal_of(face: Face, error: Refused | StorageError) -> str:
    """A refusal as it stands below an input of a form."""
    return face.plain_refusal(_refused(error))


async def tell(respond: AsyncRespond, text: str) -> None:
    """Say something to the person alone, where they pressed. It is no matter of success: it is only logged."""
    await _respond(respond, text=text, response_type="ephemeral", replace_original=False)


async def retell(respond: AsyncRespond, drawing: Drawing) -> None:
    """Put something else in the place of the private message whose button was pressed."""
    await _respond(respond, text=drawing.text, blocks=drawing.blocks, replace_original=True)


async def _respond(respond: AsyncRespond, **message: Any) -> None:
    if respond.response_url is None:
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await respond(**message)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("answer not delivered: %s", type(error).__name__, extra={"action": "answer_lost"})
        return
    if answer.status_code != 200:
        log.warning("answer not delivered: HTTP %s", answer.status_code, extra={"action": "answer_lost"})


async def show(respond: AsyncRespond, drawing: Drawing, *, replace: bool) -> None:
    """Show something to the person alone: below what they pressed, or in its place."""
    if respond.response_url is None:
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await respond(
                text=drawing.text,
                blocks=drawing.blocks,
                response_type="ephemeral",
                replace_original=replace,
            )
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("answer not delivered: %s", type(error).__name__, extra={"action": "answer_lost"})
        return
    if answer.status_code != 200:
        log.warning("answer not delivered: HTTP %s", answer.status_code, extra={"action": "answer_lost"})


async def show_form(
    client: AsyncWebClient, trigger_id: str, view: dict[str, Any], otherwise: Refused
) -> None:
    """Open a form at once, because a trigger id lives three seconds; raises `otherwise` when Slack does not."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await client.views_open(trigger_id=trigger_id, view=view)
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("form not opened: %s", error, extra={"action": "form_not_opened"})
        raise otherwise from error


def _refused(error: Refused | StorageError) -> Refused:
    """A database that did not take it has no words for people; its own are in the log."""
    if isinstance(error, Refused):
        return error
    log.warning("not stored: %s", error, extra={"action": "not_stored"})
    return NOT_STORED
