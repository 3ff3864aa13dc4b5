"""What the incident's channel itself tells: messages that people keep, files, who came and went, the topic.

Each is seen once and never taken back: an edit or a deletion is another event, with the text that stood there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from bot.domain.happened import Happened

CAPTURE_EMOJI = "pushpin"  # nearest to Slack's own word for what it does; in every workspace
TEXT_MAX = 40_000  # characters; Slack cuts a message there


class Kept(StrEnum):
    """How somebody said that a message belongs into the timeline."""

    PIN = "pin"
    EMOJI = "emoji"
    SOURCE = "source"  # the incident was declared from it


class Unread(StrEnum):
    """Why a shared file has no hash."""

    TOO_LARGE = "too_large"
    ELSEWHERE = "elsewhere"  # Slack only links to it
    GONE = "gone"


class OfMessage(Happened):
    """`ts` names the message in the incident's channel, `author` wrote it: an id, or the name of an app."""

    ts: str
    author: str = ""


class MessageCaptured(OfMessage):
    """Somebody (`by`) keeps a message. `at` is when it was written."""

    type: Literal["message_captured"] = "message_captured"
    text: str
    kept: Kept
    permalink: str = ""


class PinRemoved(OfMessage):
    """It is pinned no more; what was captured stays."""

    type: Literal["pin_removed"] = "pin_removed"
    text: str


class MessageEdited(OfMessage):
    """`before` is what stood there until then."""

    type: Literal["message_edited"] = "message_edited"
    before: str
    text: str


class MessageDeleted(OfMessage):
    """`text` is what it said. Slack does not tell who deleted it."""

    type: Literal["message_deleted"] = "message_deleted"
    text: str


class FileShared(Happened):
    """A file was put into the channel, with the message `ts` that says `text`."""

    type: Literal["file_shared"] = "file_shared"
    ts: str
    file: str
    name: str
    mimetype: str = ""
    size: int = 0
    permalink: str = ""
    text: str = ""


class FileHashed(Happened):
    """Every byte of the file was read: that many, with this SHA-256 in hexadecimal digits."""

    type: Literal["file_hashed"] = "file_hashed"
    file: str
    name: str
    size: int
    sha256: str


class FileLeftOut(Happened):
    """The file was not read, and will not be."""

    type: Literal["file_left_out"] = "file_left_out"
    file: str
    name: str
    reason: Unread


class PersonJoined(Happened):
    """`by` came into the channel; somebody else may have brought them. `is_bot`: the bot itself is back."""

    type: Literal["person_joined"] = "person_joined"
    inviter: str | None = None
    is_bot: bool = False


class PersonLeft(Happened):
    """`by` is not in the channel any more: they left, or were removed. Slack does not tell which.

    `is_bot`: it is the bot itself, which hears nothing of the channel from now on.
    """

    type: Literal["person_left"] = "person_left"
    is_bot: bool = False


class TopicSet(Happened):
    """Somebody set the channel's topic; empty: they cleared it."""

    type: Literal["topic_set"] = "topic_set"
    topic: str


Captured = (
    MessageCaptured
    | PinRemoved
    | MessageEdited
    | MessageDeleted
    | FileShared
    | FileHashed
    | FileLeftOut
    | PersonJoined
    | PersonLeft
    | TopicSet
)
