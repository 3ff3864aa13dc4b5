"""What has to be so before a row of the answers' table is probed: each scene adds names to use in its arguments."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import acts, rooms, stacks
from bot.sandbox.workspace import Channel, File, Message
from tests.sandbox.serving import ANA, BOT, Served

MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Declare"},
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}],
}
HOME: dict[str, Any] = {"type": "home", "blocks": MODAL["blocks"]}
BUTTONS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Done"}, "action_id": "done"}],
    }
]
SECTION: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]
LONG_SECTION: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2999}}
PAYLOADS: dict[str, Any] = {
    "modal": MODAL,
    "other_modal": MODAL | {"callback_id": "other"},
    "modal_again": MODAL | {"external_id": "$external"},
    "untitled_modal": {"type": "modal", "blocks": MODAL["blocks"]},
    "big_modal": MODAL | {"blocks": [LONG_SECTION] * 90},
    "home": HOME,
    "some_blocks": SECTION,
    "fifty_one_blocks": SECTION * 51,
    "hundred_one_attachments": [{"text": "a"}] * 101,
    "new_heading": {"type": "markdown", "markdown": "# New"},
}
PLACEHOLDER = re.compile(r"\$(?:x(\d+)|([a-z_]+))")
_fresh = itertools.count(1)


@dataclass
class Scene:
    """A running Web API and the names that the scenes gave to what they made."""

    served: Served
    names: dict[str, str] = field(default_factory=dict)

    async def set(self, *scenes: str) -> None:
        for scene in scenes:
            made = SCENES[scene](self)
            if inspect.isawaitable(made):
                await made

    @property
    def room(self) -> Channel:
        return self.served.workspace.channels[self.names["room"]]

    def filled(self, value: Any) -> Any:
        """The value with `$room`, `$modal` and `$x251` replaced by what they stand for."""
        if isinstance(value, dict):
            return {self.filled(key): self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if not isinstance(value, str):
            return value
        if value[:1] == "$" and value[1:] in PAYLOADS:
            return self.filled(PAYLOADS[value[1:]])
        return PLACEHOLDER.sub(self._meaning, value)

    def _meaning(self, found: re.Match[str]) -> str:
        return "x" * int(found[1]) if found[1] else self.names[found[2]]


def _new(scene: Scene, key: str, *, user: str = BOT, is_private: bool = False) -> Channel:
    name = f"{key.replace('_', '-')}-{next(_fresh)}"
    channel = rooms.create(scene.served.workspace, name, user=user, is_private=is_private)
    scene.names |= {key: channel.id, f"{key}_name": name}
    return channel


def room(scene: Scene) -> None:
    _new(scene, "room")


def foreign(scene: Scene) -> None:
    """A public channel that the app is not in."""
    message = acts.post(scene.served.workspace, _new(scene, "foreign", user=ANA), user=ANA, text="ours")
    scene.names["foreign_ts"] = message.ts


def hidden(scene: Scene) -> None:
    """A private channel that the app is not in."""
    _new(scene, "hidden", user=ANA, is_private=True)


def secret(scene: Scene) -> None:
    """A private channel that the app is in."""
    _new(scene, "secret", is_private=True)


def archived(scene: Scene) -> None:
    channel = _new(scene, "archived")
    scene.names["archived_ts"] = acts.post(scene.served.workspace, channel, user=BOT, text="before").ts
    rooms.archive(scene.served.workspace, channel, user=BOT)


def ana_here(scene: Scene) -> None:
    rooms.join(scene.served.workspace, scene.room, ANA)


def ana_room(scene: Scene) -> None:
    """A channel that ana made and the app is in."""
    rooms.join(scene.served.workspace, _new(scene, "ana_room", user=ANA), BOT)


def message(scene: Scene) -> None:
    posted = acts.post(scene.served.workspace, scene.room, user=BOT, text="hello", blocks=BUTTONS)
    scene.names["ts"] = posted.ts


def ana_message(scene: Scene) -> None:
    scene.names["ana_ts"] = acts.post(scene.served.workspace, scene.room, user=ANA, text="mine").ts


def answer(scene: Scene) -> None:
    posted = acts.post(scene.served.workspace, scene.room, user=BOT, text="re", thread_ts=scene.names["ts"])
    scene.names["answer_ts"] = posted.ts


def ephemeral(scene: Scene) -> None:
    posted = acts.post_ephemeral(scene.served.workspace, scene.room, user=BOT, viewer=ANA, text="psst")
    scene.names["ephemeral_ts"] = posted.ts


def system(scene: Scene) -> None:
    """The message that says who joined."""
    scene.names["system_ts"] = next(iter(scene.room.messages))


def _message(scene: Scene) -> Message:
    return scene.room.messages[scene.names["ts"]]


def pinned(scene: Scene) -> None:
    acts.pin(scene.served.workspace, scene.room, _message(scene), user=BOT)


def hundred_pins(scene: Scene) -> None:
    scene.room.pins = [{"ts": str(number), "user": BOT, "created": 0} for number in range(100)]


def reacted(scene: Scene) -> None:
    acts.react(scene.served.workspace, scene.room, _message(scene), user=BOT, name="eyes")


def twenty_three(scene: Scene) -> None:
    for number in range(23):
        _message(scene).reactions[f"e{number}"] = [BOT]


def fifty_emoji(scene: Scene) -> None:
    for number in range(50):
        _message(scene).reactions[f"e{number}"] = [ANA]


async def bookmark(scene: Scene) -> None:
    link = {"title": "Runbook", "type": "link", "link": "https://example.com"}
    made = await scene.served.call("bookmarks.add", channel_id=scene.room.id, **link)
    scene.names["bookmark"] = made["bookmark"]["id"]


def hundred_bookmarks(scene: Scene) -> None:
    scene.room.bookmarks = [{"id": f"Bk{number}"} for number in range(100)]


async def canvas(scene: Scene) -> None:
    content = {"type": "markdown", "markdown": "# Status\n\nAll is well."}
    made = await scene.served.call(
        "conversations.canvases.create", channel_id=scene.room.id, document_content=content
    )
    scene.names["canvas"] = made["canvas_id"]
    first = scene.served.workspace.canvases[made["canvas_id"]]["sections"][0]
    scene.names["section"] = first["id"]


def _file(scene: Scene, key: str, content: bytes | None, *, completed: bool = False) -> None:
    workspace = scene.served.workspace
    file = File(workspace.new_id("F"), "a.txt", "a.txt", BOT, 0, "text/plain", content=content)
    file.completed = completed
    workspace.files[file.id] = file
    scene.names[key] = file.id


def announced(scene: Scene) -> None:
    _file(scene, "announced", None)


def uploaded(scene: Scene) -> None:
    _file(scene, "uploaded", b"hello")


def shared(scene: Scene) -> None:
    _file(scene, "shared", b"hello", completed=True)


def trigger(scene: Scene) -> None:
    scene.names["trigger"] = scene.served.triggers.issue(ANA)


def used_trigger(scene: Scene) -> None:
    scene.names["used_trigger"] = scene.served.triggers.issue(ANA)
    scene.served.triggers.redeem(scene.names["used_trigger"])


async def old_trigger(scene: Scene) -> None:
    scene.names["old_trigger"] = scene.served.triggers.issue(ANA)
    await scene.served.clock.advance(3.1)


def no_modal(scene: Scene) -> None:
    stacks.clear(scene.served.workspace, ANA)


def modal(scene: Scene) -> None:
    raw = {**MODAL, "external_id": f"external-{next(_fresh)}"}
    view = stacks.open_modal(scene.served.workspace, ANA, raw)
    scene.names |= {"view": view.id, "hash": view.hash, "external": raw["external_id"]}


def three_modals(scene: Scene) -> None:
    modal(scene)
    stacks.push_modal(scene.served.workspace, ANA, MODAL)
    stacks.push_modal(scene.served.workspace, ANA, MODAL)


def closed_modal(scene: Scene) -> None:
    modal(scene)
    stacks.clear(scene.served.workspace, ANA)


def home(scene: Scene) -> None:
    stacks.publish(scene.served.workspace, ANA, HOME)


def im(scene: Scene) -> None:
    scene.names["im"] = rooms.open_im(scene.served.workspace, ANA)[0].id


async def scheduled(scene: Scene) -> None:
    later = int(scene.served.clock.now()) + 3600
    made = await scene.served.call("chat.scheduleMessage", channel=scene.room.id, text="later", post_at=later)
    scene.names["scheduled"] = made["scheduled_message_id"]


async def thirty_scheduled(scene: Scene) -> None:
    later = int(scene.served.clock.now()) + 3600
    for _ in range(30):
        await scene.served.call("chat.scheduleMessage", channel=scene.room.id, text="later", post_at=later)


def times(scene: Scene) -> None:
    now = int(scene.served.clock.now())
    scene.names |= {"now": str(now), "soon": str(now + 3600), "far": str(now + 121 * 24 * 3600)}


def gone(scene: Scene) -> None:
    """Somebody who has left the company."""
    scene.served.workspace.people["U06FAY"].deleted = True


SCENES: dict[str, Callable[[Scene], Awaitable[None] | None]] = {
    made.__name__: made
    for made in (
        room,
        foreign,
        hidden,
        secret,
        archived,
        ana_here,
        ana_room,
        message,
        ana_message,
        answer,
        ephemeral,
        system,
        pinned,
        hundred_pins,
        reacted,
        twenty_three,
        fifty_emoji,
        bookmark,
        hundred_bookmarks,
        canvas,
        announced,
        uploaded,
        shared,
        trigger,
        used_trigger,
        old_trigger,
        no_modal,
        modal,
        three_modals,
        closed_modal,
        home,
        im,
        scheduled,
        thirty_scheduled,
        times,
        gone,
    )
}
