"""One small router for each slash command: the first word chooses the story, the rest is its text."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.vocabulary import Refused
from bot.slack.face import Drawing
from bot.slack.ids import Slash
from bot.slack.text import cut
from bot.storage.engine import StorageError
from handlers.answers import refusal_of
from handlers.desk import Desk
from handlers.payloads import Body, Typed, typed_command

Answer = Callable[[Typed], Awaitable[str | Drawing]]

ANSWER_MAX = 3900  # Slack advises at most 4,000 characters in a message's text
WORD_SHOWN = 40  # of a word that is no verb
NEAR = 0.7  # how alike a mistyped verb must be: `tmeline` is `timeline`, and `payments` is nothing


class Router:
    """The verbs of one slash command. The stories add theirs; the answer goes to the person alone."""

    def __init__(self, slash: Slash, desk: Desk) -> None:
        self.slash = slash
        self._desk = desk
        self._verbs: dict[str, tuple[Answer, bool]] = {}
        self._otherwise: Answer | None = None

    @property
    def verbs(self) -> list[str]:
        """The words that this command understands."""
        return [verb for verb in self._verbs if verb]

    def verb(self, word: str, answer: Answer, *, takes_text: bool = True) -> None:
        """`answer` is for `/command word …`; with an empty word, for the command alone.

        A verb that takes no text refuses it: `/incident close the valve` is not meant to close anything.
        """
        self._verbs[word] = (answer, takes_text)

    def otherwise(self, answer: Answer) -> None:
        """`answer` is for what begins with no verb; it gets the whole text."""
        self._otherwise = answer

    def nearest(self, word: str) -> str | None:
        """The verb that was probably meant."""
        return next(iter(difflib.get_close_matches(word.casefold(), self.verbs, n=1, cutoff=NEAR)), None)

    async def answer(self, typed: Typed) -> str | Drawing:
        """What is so now and what to do next; raises Refused."""
        word, _, rest = _split(typed.text)
        verb = word.casefold().rstrip(":,.")  # `P0: checkout returns 500` is as clear as without the colon
        answer, takes_text = self._verbs.get(verb, (None, True))
        if answer is not None:
            if rest and not takes_text:
                raise Refused(
                    "`{command}` takes no text, so nothing was done. Type it alone.",
                    command=f"{self.slash} {verb}",
                )
            return await answer(replace(typed, text=rest))
        if self._otherwise is not None:
            return await self._otherwise(typed)
        raise self.unknown(word)

    def unknown(self, word: str) -> Refused:
        """The sentence for a word that is no verb."""
        meant, shown = self.nearest(word), cut(word, WORD_SHOWN)
        if meant is not None:
            return Refused(
                "There is no `{slash} {word}`, so nothing was done. Did you mean `{slash} {meant}`?",
                slash=self.slash.value,
                word=shown,
                meant=meant,
            )
        return Refused(
            "There is no `{slash} {word}`, so nothing was done. There is: {verbs}.",
            slash=self.slash.value,
            word=shown,
            verbs=", ".join(f"`{self.slash} {verb}`" for verb in self.verbs),
        )

    def listen(self, app: AsyncApp) -> None:
        """Connect the command: carried out first, acknowledged then, with the answer in the acknowledgement."""

        @app.command(self.slash)
        async def command(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
            try:
                said = await self.answer(typed_command(body, client))
            except (Refused, StorageError) as error:
                said = refusal_of(self._desk.face, error)
            if isinstance(said, Drawing):
                await ack(text=said.text, blocks=said.blocks)
            else:
                await ack(text=cut(said, ANSWER_MAX))


def _split(text: str) -> tuple[str, str, str]:
    """The first word, the blank after it, and the rest with its lines kept."""
    word = text.split(maxsplit=1)[0] if text else ""
    rest = text[len(word) :]
    return word, rest[:1], rest.strip()
