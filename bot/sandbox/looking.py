"""What a person sees, and where on it the thing is that they mean: by its words, and by the words near it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox import elements
from bot.sandbox.elements import Spot
from bot.sandbox.interactions import Surface, blocks_of
from bot.sandbox.plaintext import text_of_block
from bot.sandbox.workspace import Channel, Message, Person, Workspace

Json = dict[str, Any]
Held = Callable[[], Json]

EMOJI = re.compile(r":[\w+-]+:")


@dataclass(frozen=True)
class Target:
    """Something that can be pressed or chosen: an element, and the option of it that was meant."""

    surface: Surface
    spot: Spot
    value: Any = None


def may_see(channel: Channel, person: Person) -> bool:
    """Whether a person can look into a channel: into public ones without being a member."""
    closed = channel.is_private or channel.is_im
    return not closed or person.id in channel.members


def shown(channel: Channel, person: Person) -> list[Message]:
    """The messages of a channel that a person sees, oldest first, thread replies among them."""
    if not may_see(channel, person):
        return []
    seen = [m for m in channel.messages.values() if m.ephemeral_for in (None, person.id)]
    return sorted(seen, key=lambda message: message.ts)


def everything_shown(workspace: Workspace, person: Person) -> Iterator[Message]:
    """All messages in all channels that a person may look into, newest first."""
    every = [m for channel in workspace.channels.values() for m in shown(channel, person)]
    return iter(sorted(every, key=lambda message: message.ts, reverse=True))


def press(
    workspace: Workspace, person: Person, surface: Surface, text: str, near: str | None, held: Held
) -> Target | None:
    """The button, or the option of a menu, that says `text`; with `near`, only in what `near` stands in or above.

    `held` answers with the surface's `state.values` for this person: ticking one checkbox keeps the others.
    """
    for spot in _spots_near(workspace, surface, near):
        if not _visible(spot, person):
            continue
        if spot.type not in elements.STATE_KEYS and spot.type != "overflow":
            if _says(spot, text):
                return Target(surface, spot, _feedback(spot, text))
            continue
        if spot.type in ("overflow", "checkboxes", "radio_buttons"):
            for option in elements.options(spot.element):
                if text in (_words(option["text"]["text"]), option["text"]["text"]):
                    return Target(surface, spot, _with_option(spot, option, held()))
    return None


def menu(workspace: Workspace, surface: Surface, label: str, near: str | None) -> Target | None:
    """The menu, picker or input that is called `label`: by its own words, or those of the block it is in."""
    candidates = [s for s in _spots_near(workspace, surface, near) if s.type in elements.STATE_KEYS]
    for spot in candidates:
        if _says(spot, label) or label in (spot.block_id, spot.label):
            return Target(surface, spot)
    for spot in candidates:
        if label in text_of_block(spot.block, workspace):
            return Target(surface, spot)
    return None


def _spots_near(workspace: Workspace, surface: Surface, near: str | None) -> Iterator[Spot]:
    """The interactive elements whose block says `near`, or stands below words that do and that are about it.

    Going down, words pile up until there are elements; the next words (small print left out) begin anew.
    """
    above: list[str] = []
    complete = False
    for block in _flat(blocks_of(surface)):
        words = text_of_block(block, workspace)
        inside = list(elements.spots([block]))
        if not inside:
            if complete and block.get("type") != "context":
                above, complete = [], False
            above.append(words)
            continue
        if near is None or any(near in said for said in (words, *above)):
            yield from inside
        if not _only_elements(block):
            above = [words]
        complete = True


def _flat(blocks: list[Json]) -> Iterator[Json]:
    """Blocks in reading order; a container becomes its title and then what it holds."""
    for block in blocks:
        if block.get("type") == "container":
            yield {key: value for key, value in block.items() if key != "child_blocks"}
            yield from _flat(block.get("child_blocks") or [])
        else:
            yield block


def _only_elements(block: Json) -> bool:
    return block.get("type") in ("actions", "context_actions", "input")


def _says(spot: Spot, text: str) -> bool:
    return text in spot.names or text in {_words(name) for name in spot.names}


def _words(text: str) -> str:
    """The words without the emoji around them: a person calls `:white_check_mark: Done` just Done."""
    return EMOJI.sub("", text).strip()


def _visible(spot: Spot, person: Person) -> bool:
    only = spot.element.get("visible_to_user_ids")
    return not only or person.id in only


def _feedback(spot: Spot, text: str) -> Any:
    """A pair of feedback buttons is one element; its value says which of them was pressed."""
    for key in ("positive_button", "negative_button"):
        button = spot.element.get(key) or {}
        if button.get("text", {}).get("text") == text:
            return button.get("value")
    return None


def _with_option(spot: Spot, option: Json, held: Json) -> Any:
    """The element's value after a click on one of its options."""
    value = option.get("value")
    if spot.type != "checkboxes":
        return value
    ticked = [one["value"] for one in elements.held(held[spot.block_id][spot.action_id])]
    return [v for v in ticked if v != value] if value in ticked else [*ticked, value]
