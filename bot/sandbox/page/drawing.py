"""Block Kit for the templates: texts, values, choices and pictures, safe whatever an app has sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from bot.sandbox.elements import STATE_KEYS
from bot.sandbox.page import emoji, markdown, mrkdwn, richtext
from bot.sandbox.page.reader import Reader
from bot.sandbox.page.richtext import dicts, text_of
from bot.sandbox.workspace import Channel, File

Where = Literal["message", "modal", "home"]

NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]+")
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
SELECTS = {kind for kind in STATE_KEYS if kind.endswith("_select")}
TEXTUALS = {kind for kind, (key, _) in STATE_KEYS.items() if key in ("value", "rich_text_value")}
LOOPBACK = ("127.0.0.1", "localhost")
NOTHING = Markup("")


@dataclass(frozen=True)
class Choice:
    """One thing that can be chosen."""

    value: str
    text: Markup
    label: str
    description: Markup = NOTHING
    url: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Picker:
    """A menu: its groups of choices (one without a name when it has none), and how it chooses."""

    groups: list[tuple[str, list[Choice]]]
    multiple: bool
    external: bool
    least: int = 0  # characters before an external menu is asked
    most: int = 0  # how many may be chosen; 0: any number

    @property
    def chosen(self) -> list[Choice]:
        return [choice for _, choices in self.groups for choice in choices if choice.chosen]


@dataclass(frozen=True)
class Picture:
    """A picture, shown when it comes from this machine; else only its address: the page loads nothing else."""

    src: str
    href: str
    alt: str
    host: str


@dataclass(frozen=True)
class Drawing:
    """One message or view while it is drawn. Templates call it `d`."""

    selects = SELECTS
    textuals = TEXTUALS

    reader: Reader
    key: str  # begins every DOM id, so that two messages never share one
    where: Where
    state: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    # texts -----------------------------------------------------------

    def text(self, value: Any) -> Markup:
        """A text object, or a bare string, as HTML."""
        if isinstance(value, str):
            return mrkdwn.plain(value)
        if not isinstance(value, dict):
            return NOTHING
        words = text_of(value.get("text"))
        match value.get("type"):
            case "mrkdwn":
                return mrkdwn.mrkdwn(words, self.reader)
            case "rich_text":
                return richtext.rich_text(value, self.reader)
            case "raw_number":
                return escape(words or value.get("value", value.get("number", "")))
            case _:
                return mrkdwn.plain(words, emoji=value.get("emoji") is not False)

    def label(self, value: Any) -> str:
        """A text object for an attribute: no HTML, emoji as characters."""
        words = (
            value if isinstance(value, str) else text_of(value.get("text")) if isinstance(value, dict) else ""
        )
        return re.sub(r":([a-z0-9_+\-]{1,60}):", lambda m: emoji.character(m[1]) or m[0], words)

    def mrkdwn(self, text: Any) -> Markup:
        return mrkdwn.mrkdwn(text_of(text), self.reader)

    def markdown(self, text: Any) -> Markup:
        return markdown.markdown(text_of(text), self.reader)

    def rich_text(self, block: Any) -> Markup:
        return richtext.rich_text(block, self.reader)

    def safe_url(self, url: Any) -> str:
        """An address that the page opens, or nothing."""
        return url if isinstance(url, str) and mrkdwn.SAFE_URL.fullmatch(url) else ""

    # elements --------------------------------------------------------

    def dom_id(self, block: Mapping[str, Any], element: Mapping[str, Any], suffix: str = "") -> str:
        """An id for an element in the page: the same each time that it is drawn."""
        parts = [self.key, str(block.get("block_id", "")), str(element.get("action_id", "")), suffix]
        return NOT_IN_IDS.sub("_", "-".join(part for part in parts if part))

    def held(self, block: Mapping[str, Any], element: Mapping[str, Any]) -> Any:
        """What an element holds: what this person chose or typed, or else what it starts with."""
        key, initial = STATE_KEYS.get(str(element.get("type")), ("value", "initial_value"))
        entered = self.state.get(str(block.get("block_id", "")), {}).get(str(element.get("action_id", "")))
        return entered.get(key) if isinstance(entered, dict) and key in entered else element.get(initial)

    def value(self, block: Mapping[str, Any], element: Mapping[str, Any]) -> str:
        """What a field of text, a date or a time holds."""
        held = self.held(block, element)
        if isinstance(held, dict):
            return plain_of(held)
        return "" if held is None or isinstance(held, (list, bool)) else str(held)

    def files(self, block: Mapping[str, Any], element: Mapping[str, Any]) -> list[File]:
        """The files that a `file_input` holds."""
        held = self.held(block, element)
        ids = [text_of(one.get("id")) for one in dicts(held)]
        return [self.reader.workspace.files[id_] for id_ in ids if id_ in self.reader.workspace.files]

    def choices(self, block: Mapping[str, Any], element: Mapping[str, Any]) -> list[Choice]:
        """The options of checkboxes, radio buttons and overflow menus."""
        chosen = self._chosen_values(block, element)
        return [self.choice(option, chosen) for option in dicts(element.get("options"))]

    def choice(self, option: Mapping[str, Any], chosen: set[str]) -> Choice:
        """One option object."""
        value = text_of(option.get("value"))
        return Choice(
            value,
            self.text(option.get("text")),
            self.label(option.get("text")),
            self.text(option.get("description")),
            self.safe_url(option.get("url")),
            value in chosen,
        )

    def picker(self, block: Mapping[str, Any], element: Mapping[str, Any]) -> Picker:
        """The menu of any kind of select."""
        kind = str(element.get("type"))
        multiple = kind.startswith("multi_")
        chosen = self._chosen_values(block, element)
        least, most = element.get("min_query_length"), element.get("max_selected_items")
        match kind.removeprefix("multi_"):
            case "static_select":
                groups = self.option_groups(element, chosen)
            case "external_select":
                held = self.held(block, element)
                options = dicts(held if isinstance(held, list) else [held])
                groups = [("", [self.choice(option, chosen) for option in options])]
            case "users_select":
                groups = [("", self._people(chosen))]
            case "channels_select":
                groups = [("", self._conversations(chosen, {"public"}, exclude_bots=True))]
            case _:
                wanted = element.get("filter")
                wanted = wanted if isinstance(wanted, dict) else {}
                include = wanted.get("include")
                kinds = (
                    {str(kind) for kind in include}
                    if isinstance(include, list)
                    else {"public", "private", "im"}
                )
                bots = bool(wanted.get("exclude_bot_users"))
                groups = [("", self._conversations(chosen, kinds, exclude_bots=bots))]
        return Picker(
            groups,
            multiple,
            kind.endswith("external_select"),
            least if isinstance(least, int) else 3,  # three is what Slack asks for when nothing is said
            most if isinstance(most, int) else 0,
        )

    def option_groups(self, answer: Mapping[str, Any], chosen: set[str]) -> list[tuple[str, list[Choice]]]:
        """`option_groups`, or `options` as the only group."""
        if answer.get("option_groups"):
            return [
                (
                    self.label(group.get("label")),
                    [self.choice(o, chosen) for o in dicts(group.get("options"))],
                )
                for group in dicts(answer["option_groups"])
            ]
        return [("", [self.choice(option, chosen) for option in dicts(answer.get("options"))])]

    def shown(self, element: Mapping[str, Any]) -> bool:
        """False for a button that is meant for other people's eyes."""
        only = element.get("visible_to_user_ids")
        return not only or self.reader.person.id in only

    def _chosen_values(self, block: Mapping[str, Any], element: Mapping[str, Any]) -> set[str]:
        held = self.held(block, element)
        several = held if isinstance(held, list) else [held]
        return {text_of(one.get("value")) if isinstance(one, dict) else text_of(one) for one in several} - {
            ""
        }

    def _people(self, chosen: set[str]) -> list[Choice]:
        people = sorted(
            (p for p in self.reader.workspace.people.values() if not p.deleted),
            key=lambda p: (p.is_bot, p.real_name),
        )
        return [
            Choice(p.id, escape(p.real_name), p.real_name, escape(p.title), chosen=p.id in chosen)
            for p in people
        ]

    def _conversations(self, chosen: set[str], kinds: set[str], *, exclude_bots: bool) -> list[Choice]:
        found = []
        for channel in self.reader.workspace.channels.values():
            kind = "im" if channel.is_im else "private" if channel.is_private else "public"
            if kind not in kinds or channel.archived or not self.reader.sees(channel):
                continue
            name = self._conversation_name(channel, exclude_bots=exclude_bots)
            if name:
                found.append(Choice(channel.id, escape(name), name, chosen=channel.id in chosen))
        return sorted(found, key=lambda choice: choice.label)

    def _conversation_name(self, channel: Channel, *, exclude_bots: bool) -> str:
        if not channel.is_im:
            return f"{'🔒 ' if channel.is_private else '#'}{channel.name}"
        others = [self.reader.workspace.people.get(member) for member in channel.members]
        other = next((p for p in others if p and p.id != self.reader.person.id), None)
        return "" if other is None or (other.is_bot and exclude_bots) else other.real_name

    # pictures and files ----------------------------------------------

    def picture(self, image: Mapping[str, Any]) -> Picture:
        """An image block or element."""
        alt = self.label(image.get("alt_text")) or "Picture"
        reference = image.get("slack_file")
        if isinstance(reference, dict):
            file = self._file_behind(reference)
            source = file_url(file) if file else ""
            return Picture(source, source, alt, "a file that is not here" if not source else "")
        url = self.safe_url(image.get("image_url"))
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        return Picture(url if host in LOOPBACK else "", url, alt, host or "no address")

    def _file_behind(self, reference: Mapping[str, Any]) -> File | None:
        files = self.reader.workspace.files
        file = files.get(text_of(reference.get("id")))
        if file is not None:
            return file
        url = text_of(reference.get("url"))
        return next((found for id_, found in files.items() if id_ in url.split("/")), None)


def file_url(file: File) -> str:
    """Where the page gets a file's bytes."""
    return f"/sandbox/files/{file.id}"


def is_picture(file: File) -> bool:
    """Whether a file can be shown and not only downloaded."""
    return file.mimetype in PICTURE_TYPES and file.content is not None


def plain_of(block: Mapping[str, Any]) -> str:
    """The words of a `rich_text` block, for a field to edit them in."""
    lines: list[str] = []
    for element in dicts(block.get("elements")):
        parts = dicts(element.get("elements"))
        if element.get("type") == "rich_text_list":
            lines += ["• " + _words(dicts(part.get("elements"))) for part in parts]
        else:
            lines.append(_words(parts))
    return "\n".join(lines)


def _words(parts: list[dict[str, Any]]) -> str:
    return "".join(text_of(part.get("text")) or text_of(part.get("url")) for part in parts)
