"""The router of a slash command: the first word chooses, and every other word gets one sentence."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.vocabulary import Refused
from bot.services.incidents import Actor
from bot.slack.ids import Slash
from handlers.commands import Router
from handlers.payloads import Typed
from tests.handlers.conftest import House


def typed(text: str) -> Typed:
    ana = Actor("U01ANA", "ana")
    return Typed(ana, "C1", text, "slash:1", "1", None, AsyncWebClient(token="not used"))


async def echo(typed: Typed) -> str:
    return f"echo:{typed.text}"


@pytest.fixture
def router(house: House) -> Router:
    made = Router(Slash.FLAG, house.desk)
    made.verb("", echo)
    made.verb("echo", echo)
    made.verb("alone", echo, takes_text=False)
    return made


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "echo:"),
        ("echo", "echo:"),
        ("ECHO  a  b ", "echo:a  b"),
        ("echo\none\n\n two", "echo:one\n\n two"),
        ("echo: a", "echo:a"),
        ("alone", "echo:"),
    ],
)
async def test_the_first_word_chooses_and_the_rest_is_left_as_it_was_typed(
    router: Router, text: str, answer: str
) -> None:
    assert await router.answer(typed(text)) == answer


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ehco", "Did you mean `/flag echo`?"),
        ("x" * 10_000, f"There is no `/flag {'x' * 39}…`, so nothing was done."),
        ("alone together", "`/flag alone` takes no text"),
    ],
)
async def test_anything_else_is_one_sentence(router: Router, text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        await router.answer(typed(text))
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("tmeline", "There is no /incident tmeline, so nothing was done. Did you mean /incident timeline?"),
        ("hepl", "Did you mean /incident help?"),
        ("<!channel>", "How bad is it? Nothing was declared yet. Type /incident P1 <!channel>,"),
    ],
)
async def test_an_unknown_word_gets_one_sentence_with_what_was_probably_meant(
    house: House, typed: str, told: str
) -> None:
    answer = await house.person("ana").types(f"/incident {typed}", "general")
    assert told in answer.text
    assert await house.incidents.find(1) is None


async def test_a_command_that_is_delivered_twice_is_carried_out_once(house: House) -> None:
    house.slack.faults.add("duplicate_delivery", "slash_commands")
    await house.declared()
    assert len(await house.incidents.still_open()) == 1
