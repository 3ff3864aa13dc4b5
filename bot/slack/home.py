"""The Home tab: what is open, what of it is yours, and what is not well with Firebreak itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.homely import Facts, is_stale, items_of, last_word, steps_of, worst_first
from bot.domain.incident import Incident, Item
from bot.domain.language import Translate
from bot.domain.naming import phase_word
from bot.domain.questions import ActionItem
from bot.domain.story import marks
from bot.domain.vocabulary import incident_name
from bot.services.delivery import Wait
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.budgets import Budgets
from bot.slack.cards import lead_words
from bot.slack.errors import meaning
from bot.slack.face import Face
from bot.slack.ids import Action
from bot.slack.reasons import reason_words
from bot.slack.text import ago, clock, code, quoted

# Slack takes 100 blocks; these make 75 at the most.
OPEN_SHOWN = 40
STEPS_SHOWN, ITEMS_SHOWN = 12, 12
REASONS_SHOWN, BROKEN_SHOWN = 3, 5
LINE_MAX = 300  # of what people wrote, in a list
NOBODY_S = -1  # the number that stands for home tabs in the budget: effects count from one

View = dict[str, Any]


class Tabs:
    """Shows Home tabs through Slack (`bot.services.homes.Show`)."""

    def __init__(
        self, client: AsyncWebClient, face: Face, budgets: Budgets, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._face = face
        self._budgets = budgets
        self._now = now

    async def __call__(self, person: str, facts: Facts) -> None:
        view = home(person, facts, self._face, self._now())
        self._budgets.take("views.publish", NOBODY_S)
        try:
            await self._client.views_publish(user_id=person, view=view)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            told = meaning(error)
            if isinstance(told, Wait):
                self._budgets.hold("views.publish", told.seconds)
            raise told from error


def home(person: str, facts: Facts, face: Face, now: datetime) -> View:
    """The Home tab of `person`."""
    t = face.t
    drawn = [
        blocks.actions(
            blocks.button(t("Declare an incident"), Action.DECLARE, "declare", primary=not facts.incidents)
        ),
        *_unwell(facts, face),
        *_open(facts, face, now),
        *_steps(steps_of(person, facts.incidents), face, now),
        *_items(items_of(person, facts.with_items), face, now),
        blocks.context(
            t(
                "As of {when}. {help} says what to type.",
                when=clock(now),
                help=code("/incident help"),
            )
        ),
    ]
    return {"type": "home", "blocks": drawn}


def _open(facts: Facts, face: Face, now: datetime) -> list[Block]:
    t, known = face.t, worst_first(facts.incidents)
    if not known:
        return [blocks.header(t("Nothing is open"))]
    headline = t.n("{count} open incident", "{count} open incidents", len(known))
    listed = [blocks.section(_incident(each, face, now)) for each in known[:OPEN_SHOWN]]
    return [blocks.header(headline), *listed, *_more(len(known) - OPEN_SHOWN, "/incident list", t)]


def _incident(incident: Incident, face: Face, now: datetime) -> str:
    """Its title on a line of its own, and below it what one looks for: where, how far, who, how long."""
    t = face.t
    facts = [
        incident.name,
        f"<#{incident.channel}>" if incident.channel else t("(its channel is being opened)"),
        phase_word(incident.phase, t),
        lead_words(incident, face),
        t("declared {ago}", ago=ago(incident.declared_at, now, t)),
    ]
    told = [f"*{incident.severity.value} · {quoted(incident.title, LINE_MAX)}*", " · ".join(facts)]
    if marks(incident, t):
        told.append(f"⚠️ {marks(incident, t)}")
    if is_stale(incident, now):
        quiet = t("no word since {ago}", ago=ago(last_word(incident), now, t))
        told.append(f"⚠️ *{t('stale')}*: {quiet}")
    return "\n".join(told)


def _steps(mine: Sequence[tuple[Incident, Item]], face: Face, now: datetime) -> list[Block]:
    t = face.t
    if not mine:
        return []
    told = []
    for incident, item in mine[:STEPS_SHOWN]:
        due = incident.due(item)
        when = "" if due is None else _due(due < now, clock(due), t)
        told.append(blocks.section(f"{_where(incident)} {quoted(item.step.text, LINE_MAX)}{when}"))
    return [
        blocks.header(t.n("{count} step for you", "{count} steps for you", len(mine))),
        *told,
        *_more(len(mine) - STEPS_SHOWN, "", t),
    ]


def _items(mine: Sequence[tuple[Incident, ActionItem]], face: Face, now: datetime) -> list[Block]:
    t = face.t
    if not mine:
        return []
    today = now.astimezone(face.zone).date()
    told = [
        blocks.section(
            f"{_where(incident)} {quoted(item.text, LINE_MAX)}"
            f"{_due(item.is_overdue(today), item.due.isoformat(), t)}"
            f"\n{t('Done? In its channel: {command}', command=code(f'/incident action done {item.number}'))}"
        )
        for incident, item in mine[:ITEMS_SHOWN]
    ]
    headline = t.n("{count} action item for you", "{count} action items for you", len(mine))
    return [blocks.header(headline), *told, *_more(len(mine) - ITEMS_SHOWN, "", t)]


def _unwell(facts: Facts, face: Face) -> list[Block]:
    """What people should know about Firebreak itself: nothing, mostly."""
    t, drawn = face.t, []
    if facts.waiting:
        headline = t.n(
            "*{count} update is waiting for Slack:*",
            "*{count} updates are waiting for Slack:*",
            len(facts.waiting),
        )
        told = dict.fromkeys(
            f"• {incident_name(number) if number else t('daily summary')}: {quoted(said, LINE_MAX)}"
            for number, said in [(number, reason_words(reason, t)) for number, reason in facts.waiting]
        )
        drawn.append(blocks.lines(headline, *list(told)[:REASONS_SHOWN]))
    if facts.broken:
        headline = t.n(
            "*{count} mistake in runbooks; these are left out:*",
            "*{count} mistakes in runbooks; these are left out:*",
            len(facts.broken),
        )
        told_broken = [f"• {quoted(problem, LINE_MAX)}" for problem in facts.broken[:BROKEN_SHOWN]]
        drawn.append(blocks.lines(headline, *told_broken))
    return drawn


def _where(incident: Incident) -> str:
    place = f"<#{incident.channel}>" if incident.channel else incident.name
    return f"*{incident.severity.value}* {place}"


def _due(late: bool, when: str, t: Translate) -> str:
    due = t("overdue since {when}", when=when) if late else t("due {when}", when=when)
    return f" · *{due}*" if late else f" · {due}"


def _more(count: int, command: str, t: Translate) -> list[Block]:
    if count <= 0:
        return []
    if command:
        return [blocks.context(t("and {count} more: {command}", count=count, command=code(command)))]
    return [blocks.context(t("and {count} more", count=count))]
