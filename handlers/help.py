"""What one can type: `/incident help`, and the answer to whoever calls the bot by its name."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.language import Translate
from bot.slack.face import Face
from bot.slack.ids import Heard
from bot.slack.text import code
from handlers.answers import ANSWER_SECONDS
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed

log = logging.getLogger(__name__)


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("help", partial(_help, desk))

    @app.event(Heard.APP_MENTION)
    async def mentioned(event: Body, client: AsyncWebClient) -> None:
        """Only to the person: a channel in trouble needs no page of help in it."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await client.chat_postEphemeral(
                    channel=event["channel"], user=event["user"], text=help_text(desk.face, desk.emoji)
                )
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("help not delivered: %s", error, extra={"action": "answer_lost"})


async def _help(desk: Desk, typed: Typed) -> str:
    return help_text(desk.face, desk.emoji)


def help_text(face: Face, emoji: str) -> str:
    """One line a command, in the order of an incident: what is needed first stands at the top."""
    t = face.t
    told = []
    for headline, lines in _chapters(emoji, t):
        told += [headline, *(f"{code(command)} {what}" for command, what in lines), ""]
    return "\n".join(told).rstrip()


Line = tuple[str, str]


def _chapters(emoji: str, t: Translate) -> list[tuple[str, list[Line]]]:
    return [
        (t("*Declare, from anywhere*"), _declaring(t)),
        (t("*Lead it, in its channel*"), _leading(t)),
        (t("*Write it down*"), _writing(emoji, t)),
        (t("*Hold a risky flag*"), _flags(t)),
        (t("*When it was not what it seemed*"), _otherwise(t)),
        (t("*Look back*"), _afterwards(t)),
    ]


def _declaring(t: Translate) -> list[Line]:
    return [
        (t("/incident P0 <title>"), t("declare an incident; P0 is the worst, P4 the least")),
        ("/incident", t("the same as a form")),
        (t("/incident private P1 <title>"), t("only whoever is in its channel hears of it")),
        (
            t("/incident drill P1 <title>"),
            t("a drill; with `/incident test` a test: neither is in the figures"),
        ),
        (t("/incident retro P2 02:10 03:40 <title>"), t("write down what is over already")),
        (t("/incident adopt P1 <title>"), t("the channel where you type it becomes the incident's")),
        ("/incident list", t("the open incidents, the worst first")),
    ]


def _leading(t: Translate) -> list[Line]:
    return [
        ("/incident lead", t("take the lead")),
        ("/incident catchup", t("where it stands, in ten lines, for you alone")),
        (t("/incident update <text>"), t("tell those who wait; alone it opens a form")),
        ("/incident next", t("answer the exit questions and go to the next phase")),
        ("/incident close", t("close it, from prevent")),
        (t("/incident role scribe"), t("take a role: lead, communications, scribe or responder")),
        (t("/incident assign scribe @name"), t("give somebody a role")),
        (t("/incident handover @name"), t("hand your role over")),
        (t("/incident step <text>"), t("add a step to the checklist of this phase")),
        ("/incident runbook", t("see which runbook fits, and change it")),
        ("/incident severity P1", t("change the severity")),
        (
            t("/incident override <reason>"),
            t("leave the phase unverified; the lead may, and it stays visible"),
        ),
    ]


def _writing(emoji: str, t: Translate) -> list[Line]:
    kept = t("on a message, or a pin: it stands in the timeline, and shared files do by themselves")
    return [
        (t("/incident note <text>"), t("write into the timeline")),
        (f":{emoji}:", kept),
        (t("/incident measure p95 before 820 ms"), t("what a figure said before, or says after")),
        (
            t("/incident action @name 2026-12-01 <text>"),
            t("add an action item; alone it lists them, with done 1 it ticks"),
        ),
        ("/incident actions", t("the action items, each with a button: done, or open again")),
    ]


def _flags(t: Translate) -> list[Line]:
    return [
        ("/flag", t("what is held now, and what changed in the last day")),
        (t("/flag find <words>"), t("which flags there are")),
        (t("/flag show <flag>"), t("what it serves, who holds it, who changed it")),
        (t("/flag kill <flag> for 2h <reason>"), t("hold a risky flag at its safe value")),
        (t("/flag kill <flag>,<flag> <reason>"), t("several at once, with one confirmation")),
        (t("/flag undo <flag>"), t("let go of it: it serves again what it did before")),
        (t("/flag extend <flag> 2h"), t("look at it again later")),
        (t("/flag keep <flag> @name 7d"), t("somebody answers for it after the incident")),
        (t("/flag permanent <flag> <reason>"), t("it stays as it is now; nobody watches it any more")),
        (t("/flag drill <flag>"), t("practise it outside production, and see how long it takes")),
        ("/flag log", t("who asked for what, and what came of it")),
    ]


def _otherwise(t: Translate) -> list[Line]:
    return [
        (t("/incident cancel <reason>"), t("it is no incident")),
        (t("/incident merge INC-3 <reason>"), t("it is a duplicate; `/incident unmerge` takes it back")),
        (t("/incident reopen <reason>"), t("open it again; `/incident back` goes a phase back")),
        (t("/incident correct stabilized 14:05 <reason>"), t("when it really was; `#12` for any entry")),
    ]


def _afterwards(t: Translate) -> list[Line]:
    return [
        ("/incident timeline", t("what happened, in order")),
        ("/incident postmortem", t("the draft of the postmortem, as a file and a canvas")),
        ("/incident export", t("all of it as a file; with `json` or `csv` as that")),
        ("/mttr 28d", t("recovery times of the last 28 days")),
        ("/mttr summary", t("today's summary so far, for you alone")),
    ]
