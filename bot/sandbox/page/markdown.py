"""`markdown` blocks as HTML: CommonMark with tables and strike-through, and no HTML from outside."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from bot.sandbox.page.mrkdwn import SAFE_URL, inline
from bot.sandbox.page.reader import Reader

TASK_MARKS = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


class _Renderer(RendererHTML):
    """Text may carry mentions and emoji, as in Slack; links leave the page; task lists get their boxes."""

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        content = tokens[idx].content
        if idx == 0 and content[:4] in TASK_MARKS:
            content = TASK_MARKS[content[:4]] + content[4:]
        return str(inline(content.replace("&", "&amp;"), env["reader"], styles=False))

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        tokens[idx].attrSet("target", "_blank")
        tokens[idx].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, idx, options, env)

    def table_open(
        self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return '<div class="table-frame" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(
        self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return self._cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return self._cell(tokens[idx])

    @staticmethod
    def _cell(token: Token) -> str:
        """A cell's opening tag; the alignment as a class, because the page allows no style attributes."""
        alignment = str(token.attrs.get("style", "")).removeprefix("text-align:")
        return f'<{token.tag} class="{alignment}">' if alignment in ("center", "right") else f"<{token.tag}>"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.disable("image")  # Slack shows a Markdown image as a link; so does this, as `!` and a link
    parser.validateLink = lambda url: SAFE_URL.fullmatch(url) is not None  # type: ignore[method-assign]
    return parser


_PARSER = _parser()


def markdown(text: str, reader: Reader) -> Markup:
    """The HTML of a `markdown` block."""
    # markdown-it escapes everything that it does not itself write (html=False), and so does `inline`.
    return Markup(_PARSER.render(text, {"reader": reader}))
