"""Text on its way to Slack and back: escaped, cut, and nothing of it pings."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.language import English
from bot.slack.text import (
    ago,
    clean,
    clock,
    code,
    cut,
    day_and_clock,
    escape,
    is_blank,
    mention,
    paragraphs,
    quoted,
    typed,
    unmarked,
    width,
    without_mentions,
)
from tests.slack.made import NOON

ALIVE = re.compile(r"<[^<>]*>")  # what Slack would make a link, a mention or a ping of


@pytest.mark.parametrize(
    "text", ["<!channel>", "<!here>", "<@U01ANA>", "<#C01>", "<https://a.b|safe>", "a < b & c > d"]
)
def test_nothing_that_is_escaped_links_or_pings(text: str) -> None:
    assert ALIVE.findall(escape(text)) == []


def test_escaped_text_is_read_as_it_was_typed() -> None:
    assert escape("if a < b && c > d") == "if a &lt; b &amp;&amp; c &gt; d"


@given(st.text(), st.integers(1, 80))
def test_quoted_text_fits_and_is_harmless(text: str, most: int) -> None:
    shown = quoted(text, most)
    assert width(shown) <= most
    assert ALIVE.findall(shown) == []
    assert "\n" not in shown


@given(st.text(), st.integers(1, 80))
def test_cut_text_fits_and_short_text_stays(text: str, most: int) -> None:
    shown = cut(text, most)
    assert width(shown) <= most or shown == "…"
    assert shown == text or shown.endswith("…")


def test_an_entity_is_never_cut_in_two() -> None:
    assert quoted("&&&&", 12) == "&amp;&amp;…"


def test_a_cut_ends_at_a_word_when_one_ends_near() -> None:
    assert cut("checkout returns five hundred", 20) == "checkout returns…"


def test_signs_outside_the_basic_plane_count_twice_as_they_do_in_browsers() -> None:
    assert width("🔥") == 2
    assert cut("🔥🔥🔥", 5) == "🔥🔥…"


def test_a_joined_emoji_leaves_no_joiner_behind() -> None:
    assert cut("👩\u200d🚒👩\u200d🚒", 5) == "👩…"


def test_direction_and_control_characters_do_not_reach_the_screen() -> None:
    assert clean("a\u202eb\u2066c\x00d\ud800e\r\nf") == "abcde\nf"


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(20, 200))
def test_a_long_note_is_told_whole_in_pieces_that_fit(text: str, most: int) -> None:
    assume("http" not in text and "<@" not in text)
    pieces = list(paragraphs(text, most))
    assert all(0 < width(piece) <= most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(escape(text).split())


def test_a_note_keeps_mentions_of_people_and_links_and_nothing_else_alive() -> None:
    (told,) = paragraphs("<@U01ANA> see https://status.example/?a=1&b=2, <!channel> <#C01>", 500)
    assert ALIVE.findall(told) == ["<@U01ANA>", "<https://status.example/?a=1&amp;b=2>"]


@pytest.mark.parametrize(
    ("note", "links"),
    [
        ("(see <https://a.example/x>)", ["<https://a.example/x>"]),
        ("https://a.example/?a=1&b=2.", ["<https://a.example/?a=1&amp;b=2>"]),
        ("https://a.example|b", ["<https://a.example>"]),
        ("javascript:alert(1) https://", []),
    ],
)
def test_an_address_ends_where_a_reader_would_end_it(note: str, links: list[str]) -> None:
    assert ALIVE.findall("".join(paragraphs(note, 500))) == links


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("P0 checkout &lt;500&gt; &amp; more", "P0 checkout <500> & more"),
        ("ask <@U01ANA|ana> now", "ask <@U01ANA> now"),
        ("see <#C01|payments> and <#C02>", "see #payments and #C02"),
        ("<!channel> <!here|here> <!subteam^S1|@oncall>", "@channel here @oncall"),
        ("kill <http://checkout.new|checkout.new>", "kill checkout.new"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("&amp;lt;", "&lt;"),
        ("  spaced  ", "spaced"),
        ("", ""),
    ],
)
def test_typed_text_is_what_the_person_typed(sent: str, meant: str) -> None:
    assert typed(sent) == meant


def test_a_title_shows_a_mention_as_plain_characters() -> None:
    assert without_mentions("<@U01ANA> broke it") == "@U01ANA broke it"


def test_an_error_in_a_form_has_no_marks_in_it() -> None:
    assert (
        unmarked("Press *Undo* or type `/incident note <text>`.")
        == "Press Undo or type /incident note <text>."
    )


def test_a_code_span_cannot_be_left() -> None:
    assert code("a`b <!here>") == "`a'b &lt;!here&gt;`"


def test_an_empty_code_span_is_still_one() -> None:
    assert code("") == "` `"


def test_firebreak_itself_is_not_a_person_to_mention() -> None:
    assert (mention("U01ANA"), mention("firebreak"), mention("<!here>")) == (
        "<@U01ANA>",
        "Firebreak",
        "&lt;!here&gt;",
    )


def test_times_are_the_readers_with_utc_where_they_cannot_be() -> None:
    assert clock(NOON) == "<!date^1788264000^{time}|12:00 UTC>"
    assert day_and_clock(NOON) == "<!date^1788264000^{date_short_pretty} {time}|2026-09-01 12:00 UTC>"


def test_an_age_goes_on_by_itself_where_slack_counts_it() -> None:
    assert ago(NOON, NOON + timedelta(minutes=34), English()) == "<!date^1788264000^{ago}|34 min ago>"


def test_an_age_is_never_negative() -> None:
    assert "|0 min ago>" in ago(NOON, NOON - timedelta(hours=1), English())


@pytest.mark.parametrize(("text", "blank"), [("", True), (" \u200b\t", True), ("\u00a0", True), ("a", False)])
def test_what_cannot_be_seen_is_blank(text: str, blank: bool) -> None:
    assert is_blank(text) is blank


def test_a_line_keeps_its_no_break_spaces() -> None:
    assert quoted(" Une raison\u00a0:\n quoi\u202f? ", 100) == "Une raison\u00a0: quoi\u202f?"
