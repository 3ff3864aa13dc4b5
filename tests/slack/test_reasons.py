"""Why Slack does not take something, in the language of whoever reads it."""

from __future__ import annotations

import re
import string

import pytest

from bot.domain.language import English
from bot.services.languages import translation
from bot.slack.reasons import HOPELESS, NO_CHANNEL, REASONS, reason_words


@pytest.mark.parametrize("template", REASONS)
def test_a_stored_reason_is_said_in_the_language_of_the_reader(template: str) -> None:
    blanks = [blank for _, blank, _, _ in string.Formatter().parse(template) if blank]
    stored = template.format(**dict.fromkeys(blanks, "incidents-2"))
    said = reason_words(stored, translation("fr"))
    assert said != stored
    assert not blanks or "incidents-2" in said
    assert reason_words(stored, English()) == stored


def test_a_reason_that_nobody_knows_stays_as_it_is() -> None:
    assert reason_words("the moon is full", translation("fr")) == "the moon is full"


def test_a_name_with_signs_in_it_comes_through() -> None:
    stored = NO_CHANNEL.format(channel="a.*b{c}")
    assert "a.*b{c}" in reason_words(stored, translation("fr"))


def test_every_reason_says_what_is_so_in_whole_sentences() -> None:
    assert all(re.fullmatch(r"[A-Z].*\.", reason, re.DOTALL) for reason in HOPELESS.values())
