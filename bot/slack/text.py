"""Text as Slack wants it: escaped, cut at its limits, with mentions and times that everyone reads at home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.domain.language import Translate
from bot.domain.metrics.wording import age_words
from bot.domain.rules.words import can_be_seen
from bot.domain.vocabulary import FIREBREAK

ELLIPSIS = "…"
WORD_BACK = 24  # characters we give up to end at a blank rather than within a word

# Characters that end lines' direction or words' shape elsewhere on the screen, or that Slack's JSON chokes on.
# Tab and newline stay. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile("[ \t\n\u2028\u2029]+")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,20})(?:\|[^<>]*)?>")
_ESCAPED_PERSON = re.compile(r"&lt;@([UW][A-Z0-9]{2,20})&gt;")
# What Slack itself puts between angle brackets; anything else there was typed.
_MARKUP = re.compile(r"<(?P<to>(?:[@#!]|https?://|mailto:|tel:)[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
# In escaped text, where a typed `<` or `>` around an address is an entity. What ends a sentence ends no address.
_URL = re.compile(r"https?://(?:(?!&[lg]t;)[^\s<>|`])+(?<![.,;:!?'\"*_~)])")


def clean(text: str) -> str:
    """The text without control and direction characters: what people enter, and what we show."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape(text: str) -> str:
    """Plain characters for mrkdwn: nothing in it links, mentions or pings."""
    return re.sub("[&<>]", lambda match: _ESCAPED[match[0]], clean(text))


def width(text: str) -> int:
    """Length in UTF-16 units, as browsers count: never fewer than characters, so it is safe either way."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits with an ellipsis: at a line or a word if one ends near."""
    if width(text) <= most:
        return text
    return _head(text, most - width(ELLIPSIS), {}) + ELLIPSIS


def one_line(text: str) -> str:
    """Cleaned and on one line. No-break spaces stay: French wants them before its high signs."""
    return _BREAKS.sub(" ", clean(text)).strip()


def quoted(text: str, most: int) -> str:
    """Escaped, on one line, and cut so that the result has at most `most` characters."""
    plain = one_line(text)
    escaped = escape(plain)
    if width(escaped) <= most:
        return escaped
    return escape(_head(plain, most - width(ELLIPSIS), _ESCAPED)) + ELLIPSIS


def _head(text: str, room: int, grown: dict[str, str]) -> str:
    """The longest beginning of a text that does not fit; `grown` says what becomes longer when it is shown."""
    end = used = 0
    for character in text:
        used += len(grown[character]) if character in grown else 1 + (character > "\uffff")
        if used > room:
            break
        end += 1
    near = max(end - WORD_BACK, 1)
    blank = max(text.rfind(" ", near, end + 1), text.rfind("\n", near, end + 1))
    head = text[:blank] if blank > 0 else text[:end]
    # a joiner at the end would have bound the next sign: half an emoji is a different emoji
    return head.rstrip("\u200d\ufe0f").rstrip()


def code(text: str, most: int = 200) -> str:
    """As an inline code span: flags, values, commands to type."""
    return f"`{quoted(text.replace('`', chr(39)), most - 2) or ' '}`"


def paragraphs(text: str, most: int) -> Iterator[str]:
    """A note in pieces of at most `most` escaped characters, none of it lost.

    Mentions of people stay mentions and addresses become links; nothing else in it can ping.
    """
    rest = clean(text).strip()
    while rest:
        piece = _piece(rest, most)
        yield _alive(escape(piece))
        rest = rest[len(piece) :].strip("\n")


LINK_ROOM = 2  # an address becomes `<address>`


def _piece(text: str, most: int) -> str:
    """The longest beginning whose marked-up form fits, ending at a line or a word if one ends near."""
    used = 0
    for end, character in enumerate(text):
        used += width(escape(character)) + (LINK_ROOM if text.startswith("http", end) else 0)
        if used > most:
            near = max(text.rfind("\n", end - 200, end), text.rfind(" ", end - WORD_BACK, end))
            return text[: near if near > 0 else max(end, 1)]
    return text


def _alive(escaped: str) -> str:
    linked = _URL.sub(lambda match: f"<{match[0]}>", escaped)
    return _ESCAPED_PERSON.sub(lambda match: f"<@{match[1]}>", linked)


def typed(text: str) -> str:
    """What the person typed, out of slash-command text: Slack escapes it and marks up names and addresses.

    Mentions of people stay as `<@U…>`, so that a note can keep them.
    """

    def plain(match: re.Match[str]) -> str:
        if _PERSON.fullmatch(match[0]):
            return _PERSON.sub(r"<@\1>", match[0])
        to, label = match["to"], match["label"]
        if to.startswith("#"):
            return f"#{label or to[1:]}"
        if to.startswith("!"):
            return label or f"@{to[1:].split('^')[0]}"
        return label or to.removeprefix("mailto:")

    shown = _MARKUP.sub(plain, text)
    return clean(shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).strip()


def without_mentions(text: str) -> str:
    """`typed` text for places where `<@U…>` means nothing to people, such as a title."""
    return _PERSON.sub(r"@\1", text)


def unmarked(text: str) -> str:
    """Without mrkdwn's marks, for the places where Slack shows text as it is: errors in a form."""
    return re.sub(r"`([^`]+)`|\*([^*\n]+)\*", lambda match: match[1] or match[2], text)


def mention(person: str) -> str:
    """A person as Slack shows them; Firebreak itself has no mention."""
    if person == FIREBREAK:
        return "Firebreak"
    return f"<@{person}>" if re.fullmatch(r"[UW][A-Z0-9]+", person) else escape(person)


def clock(at: datetime) -> str:
    """The time of day on the reader's clock; UTC where it cannot be shown so."""
    return _date(at, "{time}", f"{at.astimezone(UTC):%H:%M} UTC")


def day_and_clock(at: datetime) -> str:
    """Day and time on the reader's clock."""
    return _date(at, "{date_short_pretty} {time}", f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")


def ago(at: datetime, now: datetime, t: Translate) -> str:
    """How long since `at`: Slack counts it on while people look; drawn as of `now` where it cannot."""
    age = age_words(max(0.0, (now - at).total_seconds()), t)
    return _date(at, "{ago}", t("{age} ago", age=age))


def _date(at: datetime, pattern: str, fallback: str) -> str:
    return f"<!date^{int(at.timestamp())}^{pattern}|{escape(fallback).replace('|', ' ')}>"


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: Slack refuses such a text, and a header of it says nothing."""
    return not can_be_seen(text)
