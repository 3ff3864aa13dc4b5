"""What a message is made of: text, blocks, attachments and metadata, checked as every chat.* method does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.arguments import Arguments
from bot.sandbox.errors import SlackError
from bot.sandbox.limits import check_attachments, check_blocks

TEXT_MAX = 40_000  # longer texts are cut: docs.slack.dev/changelog/2018-04-truncating-really-long-messages
MARKDOWN_TEXT_MAX = 12_000
NO_FALLBACK = "This content can't be displayed."  # Slack's own words when blocks come without a text


@dataclass(frozen=True)
class Content:
    """A checked message body. None means that the argument was not given."""

    text: str | None
    blocks: list[dict[str, Any]] | None
    attachments: list[dict[str, Any]] | None
    metadata: dict[str, Any] | None
    truncated: bool = False

    @property
    def shown_text(self) -> str:
        """The text that is stored: what was given, or Slack's stand-in when there are only blocks."""
        if self.text:
            return self.text
        return NO_FALLBACK if self.blocks else ""

    @property
    def warning(self) -> dict[str, Any]:
        """What the answer says when the text was cut."""
        if not self.truncated:
            return {}
        return {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}


def content(arguments: Arguments, *, too_long: int | None = None) -> Content:
    """Read and check a message body. Beyond `too_long` characters the text is refused instead of cut."""
    text = arguments.text("text")
    markdown_text = arguments.text("markdown_text")
    blocks = arguments.json("blocks", kind=list, invalid="invalid_blocks_format")
    attachments = arguments.json("attachments", kind=list, invalid="invalid_attachments")
    if markdown_text:
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        if len(markdown_text) > MARKDOWN_TEXT_MAX:
            raise SlackError("msg_too_long")
        blocks, text = [{"type": "markdown", "text": markdown_text}], markdown_text
    if not (text or "").strip() and not blocks and not attachments:
        raise SlackError("no_text")
    if blocks:
        check_blocks(blocks, "message")
    if attachments:
        check_attachments(attachments)
    if too_long is not None and len(text or "") > too_long:
        raise SlackError("msg_too_long")
    return Content(
        text=None if text is None else text[:TEXT_MAX],
        blocks=blocks,
        attachments=attachments,
        metadata=metadata(arguments),
        truncated=len(text or "") > TEXT_MAX,
    )


def metadata(arguments: Arguments) -> dict[str, Any] | None:
    """The metadata argument: `event_type` and `event_payload`, or Work Objects; `{}` is allowed as "none"."""
    given = arguments.json("metadata", invalid="invalid_metadata_format")
    if not given:
        return {} if given == {} else None
    event = isinstance(given.get("event_type"), str) and isinstance(given.get("event_payload"), Mapping)
    if not event and not isinstance(given.get("entities"), list):
        raise SlackError("invalid_metadata_schema")
    return dict(given)
