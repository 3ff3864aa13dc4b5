"""What the channel tells: taken once, and never taken back."""

from __future__ import annotations

import pytest

from bot.domain.captured import (
    Captured,
    FileShared,
    Kept,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    PersonJoined,
    PersonLeft,
    PinRemoved,
)
from bot.domain.commands import Capture, Command
from bot.domain.document import timeline_markdown
from bot.domain.effects import FetchFile, Spread, Tell, Whisper
from bot.domain.language import English
from bot.domain.promising import promised
from bot.domain.rules import decide
from bot.domain.story import line
from bot.domain.story_captured import size_words
from bot.storage.timeline import Entry
from tests.domain.samples import ANA, BO, CHANNEL, CLEO, NOON, SEEN, TO_THE_END, after, later, then

t = English()
PINNED, UNPINNED, EDITED, DELETED, SHARED, HASHED, LEFT_OUT = SEEN[:7]
MARKED = PINNED.model_copy(update={"by": CLEO, "kept": Kept.EMOJI})


def seen(*happened: Captured) -> list[Command]:
    return [Capture(by=each.by, seen=each) for each in happened]


def new(*before: Captured, now: Captured) -> bool:
    """Whether `now` is told, after all that was seen before it."""
    return bool(decide(after(CHANNEL, *seen(*before)), seen(now)[0], later(30)))


@pytest.mark.parametrize("second", [PINNED, MARKED])
@pytest.mark.parametrize("first", [PINNED, MARKED])
def test_a_message_is_captured_once_whoever_keeps_it_second(first: Captured, second: Captured) -> None:
    assert new(now=first)
    assert not new(first, now=second)


def test_a_message_that_is_pinned_anew_is_told_anew_and_only_then() -> None:
    assert new(PINNED, UNPINNED, now=PINNED)
    assert not new(PINNED, UNPINNED, now=MARKED)
    assert not new(PINNED, UNPINNED, PINNED, now=PINNED)


def test_taking_a_pin_off_is_told_once_and_only_of_what_was_captured_by_it() -> None:
    assert not new(now=UNPINNED)
    assert not new(MARKED, now=UNPINNED)
    assert new(PINNED, now=UNPINNED)
    assert not new(PINNED, UNPINNED, now=UNPINNED)


@pytest.mark.parametrize("change", [EDITED, DELETED])
def test_a_change_of_a_message_is_told_when_the_message_was_captured(change: Captured) -> None:
    assert not new(now=change)
    assert new(MARKED, now=change)
    assert not new(MARKED, DELETED, now=change)


def test_a_preview_that_slack_adds_is_no_edit() -> None:
    assert isinstance(EDITED, MessageEdited)
    assert not new(MARKED, now=EDITED.model_copy(update={"before": EDITED.text}))


def test_the_message_of_a_file_counts_as_captured() -> None:
    assert isinstance(SHARED, FileShared)
    gone = MessageDeleted(at=later(9), by="firebreak", ts=SHARED.ts, author=ANA, text="")
    assert new(SHARED, now=gone)


def test_a_file_that_is_shared_again_is_told_again_and_read_once() -> None:
    assert isinstance(SHARED, FileShared)
    again = SHARED.model_copy(update={"ts": "1763729999.000100"})
    assert not new(SHARED, now=SHARED)
    assert new(SHARED, now=again)
    assert promised(after(CHANNEL, *seen(SHARED)), SHARED) == [FetchFile(file="F1", name="a.png")]
    assert promised(after(CHANNEL, *seen(SHARED, HASHED, again)), again) == []
    assert not new(SHARED, HASHED, now=HASHED)


def test_the_bot_says_that_it_was_removed_wherever_it_still_can() -> None:
    away = PersonLeft(at=later(1), by="U0BOT", is_bot=True)
    back = PersonJoined(at=later(2), by="U0BOT", is_bot=True)
    public = after(CHANNEL, *seen(away))
    assert promised(public, away) == [Whisper(person=ANA, event=away), Spread(event=away), Tell(event=away)]
    private = public.model_copy(update={"private": True, "insiders": (ANA,)})
    assert promised(private, away) == [Whisper(person=ANA, event=away)]
    assert promised(private.model_copy(update={"insiders": ()}), away) == [], (
        "whoever left it hears nothing more"
    )
    assert promised(after(CHANNEL, *TO_THE_END, *seen(away)), away) == []
    assert not new(now=back)
    assert new(away, now=back)
    assert not new(away, now=away)


def test_a_closed_incident_goes_on_listening() -> None:
    closed = after(CHANNEL, *TO_THE_END)
    assert decide(closed, seen(PINNED)[0], later(99)) == [PINNED]


@pytest.mark.parametrize(
    ("event", "said"),
    list(
        zip(
            SEEN,
            [
                "U01ANA wrote: the gateway answers 502 (pinned by U02BO) https://x",
                "U02BO took the pin off what U01ANA wrote: the gateway answers 502",
                "U01ANA edited what U01ANA wrote: “the gateway answers 502” became “the old one does”",
                "What U01ANA wrote was deleted. It said: the old one does",
                "U01ANA shared the file a.png (image/png, 2.1 kB)",
                f"The file a.png was read: 2100 bytes, SHA-256 {'9f' * 32}",
                "The file dump has no SHA-256: it is larger than Firebreak reads.",
                "U03CLEO came into the channel, invited by U02BO.",
                "U03CLEO is not in the channel any more.",
                "U02BO set the topic: call in room 3",
            ],
            strict=True,
        )
    ),
)
def test_each_is_told_in_a_sentence(event: Captured, said: str) -> None:
    assert line(event, t, str) == said


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, ""), (999, "999 B"), (1000, "1.0 kB"), (2_400_000, "2.4 MB"), (3 * 10**9, "3.0 GB")],
)
def test_a_size_is_told_as_file_managers_tell_it(size: int, said: str) -> None:
    assert size_words(size) == said


def test_nothing_of_a_message_marks_up_the_document() -> None:
    loud = MessageCaptured(
        at=NOON, by=BO, ts="1.1", author="*alerts*", text="# 5xx\n- *all* <b>", kept=Kept.PIN
    )
    incident, _ = then(after(), CHANNEL, *seen(loud))
    document = timeline_markdown(incident, [Entry(4, later(1), loud, "")], t, str)
    assert "\\*alerts\\* wrote: \\# 5xx" in document
    assert "\\*all\\* \\<b\\>" in document


def test_both_texts_of_an_edit_stay() -> None:
    assert isinstance(PINNED, MessageCaptured)
    assert isinstance(UNPINNED, PinRemoved)
    _, told = then(after(CHANNEL), *seen(PINNED, EDITED, DELETED))
    assert [type(event) for event in told] == [MessageCaptured, MessageEdited, MessageDeleted]
    assert "the gateway answers 502" in line(told[1], t, str)
