"""Who people are: whoever is named here for the first time is asked about, once, and then known by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.vocabulary import Refused
from bot.storage import people
from bot.storage.engine import Engine, Transaction
from bot.storage.timeline import Entry

AT_ONCE = 30  # people that one file asks about: the rest of a crowd is known to the next file
PERSON = re.compile(r'"([UW][A-Z0-9]{2,20})"')


@dataclass(frozen=True)
class Account:
    """What is said of an account. `exists` is False when the workspace has none of this id."""

    name: str = ""
    exists: bool = True
    is_bot: bool = False
    is_off: bool = False


class Ask(Protocol):
    """What an account is; None when nobody answers in time, or may not say."""

    async def __call__(self, person: str) -> Account | None: ...


class Introductions:
    """Keeps the names of people; apps and strangers are not kept, so that they are looked at each time."""

    def __init__(self, engine: Engine, ask: Ask, *, team_id: str, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._ask = ask
        self._team_id = team_id
        self._now = now

    async def vouch(self, asked: Iterable[str]) -> None:
        """Refuse to ask an app for something, or nobody. Where Slack does not answer, people are believed."""
        for person in await self._unknown(asked):
            account = await self._meet(person)
            if account is None:
                continue
            if not account.exists:
                raise Refused(
                    "There is no such person in this workspace, so nothing was changed. Do it again with somebody "
                    "from Slack's list: type `@` and their name."
                )
            if account.is_bot:
                raise Refused(
                    "{who} is an app, and an app answers for nothing, so nothing was changed. Do it again with a "
                    "person from Slack's list: type `@` and their name.",
                    who=account.name,
                )

    async def meet(self, entries: Sequence[Entry]) -> None:
        """Learn the names of those who stand in a timeline by their ids alone."""
        found = dict.fromkeys(
            person for entry in entries for person in PERSON.findall(entry.event.model_dump_json())
        )
        for person in (await self._unknown(found))[:AT_ONCE]:
            if await self._meet(person) is None:
                return  # Slack is slow, or wants fewer questions: the ids will do

    async def _unknown(self, named: Iterable[str]) -> list[str]:
        wanted = list(named)
        if not wanted:
            return []
        return await self._engine.read(lambda transaction: people.unknown(transaction, self._team_id, wanted))

    async def _meet(self, person: str) -> Account | None:
        account = await self._ask(person)
        if account is None or account.is_bot or not account.exists:
            return account
        now = self._now()

        def body(transaction: Transaction) -> None:
            if account.is_off:
                people.left(transaction, self._team_id, person, account.name, now)
            else:
                people.remember(transaction, self._team_id, person, account.name)

        await self._engine.write(body)
        return account
