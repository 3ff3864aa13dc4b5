"""Reads HTML that the page drew and says what must never be in it: for the tests of what apps can smuggle in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "meta", "link", "path", "rect"}
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "srcset", "poster", "data"}
ALLOWED = re.compile(r"(?:https?://|mailto:|/|\?|#)", re.IGNORECASE)
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "base", "meta", "link"}


class Drawn(HTMLParser):
    """A fragment of HTML: its text, and a complaint for everything unsafe or unbalanced in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.complaints: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        if self._open:
            self.complaints.append(f"never closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in FORBIDDEN:
            self.complaints.append(f"<{tag}>")
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.complaints.append(f"<{tag}> says the same attribute twice: {names}")
        for name, value in attrs:
            if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
                self.complaints.append(f"<{tag}> has an attribute {name!r}")
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.complaints.append(f"<{tag} {name}>")
            if name in ADDRESSES and not ALLOWED.match(value or ""):
                self.complaints.append(f"<{tag} {name}={value!r}>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.complaints.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.complaints.append(f"a comment: {data!r}")
