"""Could this effect have been promised by the events of its incident? Says no more than the rows can prove."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from bot.domain.effects import (
    Bookmark,
    Brief,
    Draw,
    Effect,
    Invite,
    OpenChannel,
    Pin,
    PostSummary,
    SendPicture,
    Tell,
    coalesce_key,
    effect_adapter,
    lane,
)
from bot.domain.events import ChannelOpened, Event, SurfacePosted
from bot.domain.promising import IN_CHANNEL
from bot.domain.vocabulary import Surface
from bot.storage.engine import Row


@dataclass
class Known:
    """What the effects of one incident may refer to, as its timeline has it."""

    events: set[int] = field(default_factory=set)  # hashes: an event itself takes ten times the room
    posted: set[Surface] = field(default_factory=set)
    opened: bool = False
    channels_asked_for: int = 0

    def add(self, event: Event) -> None:
        self.events.add(_fingerprint(event))
        if isinstance(event, ChannelOpened):
            self.opened = True
        elif isinstance(event, SurfacePosted):
            self.posted.add(event.surface)


def _fingerprint(event: Event) -> int:
    """Keys are sorted: the timeline stores them so, an effect as the event had them."""
    return hash(json.dumps(event.model_dump(mode="json"), sort_keys=True))


def wrong_with(row: Row, known: Known | None) -> Iterator[str]:
    """What is wrong with one effect. `known` is None for the workspace's own."""
    if row["state"] == "sending" and row["lease"] is None:
        yield "is being sent without a lease, so nobody would ever take it up again"
    if row["state"] == "parked" and not row["error"]:
        yield "is parked without a reason"
    if row["state"] in ("sending", "done") and row["attempt"] < 1:
        yield f"is {row['state']}, but was never attempted"
    try:
        effect = effect_adapter.validate_json(row["body"])
    except ValidationError as error:
        if row["state"] != "parked":  # another version's is parked, with just this reason
            yield f"cannot be read ({in_one_line(error)})"
        return
    if row["state"] == "pending" and row["coalesce_key"] != coalesce_key(effect):
        yield f"waits under {row['coalesce_key']!r}, where it should under {coalesce_key(effect)!r}"
    if row["state"] in ("pending", "sending") and row["lane"] != lane(effect):
        yield f"is in lane {row['lane']!r}, but belongs into {lane(effect)!r}"
    unfounded = _unfounded(effect, known)
    if unfounded:
        yield unfounded


def _unfounded(effect: Effect, known: Known | None) -> str | None:
    """Why no event of the timeline can have promised this effect; None when one can."""
    match effect:
        case PostSummary():
            return None if known is None else "posts a summary, which belongs to no incident"
        case SendPicture():
            return None if known is None else "sends a picture, which belongs to no incident"
        case _ if known is None:
            return f"is a {effect.type!r}, but names no incident"
        case OpenChannel():
            known.channels_asked_for += 1
            return "opens a channel a second time" if known.channels_asked_for > 1 else None
        case Tell():
            told = _fingerprint(effect.event) in known.events
            return None if told else f"tells of a {effect.event.type!r} that is not in the timeline"
        case Pin() | Bookmark():
            posted = effect.surface in known.posted
            return None if posted else f"{effect.type}s the {effect.surface.value}, which was never posted"
        case Invite() | Brief():
            return None if known.opened else f"is a {effect.type!r} for a channel that was never opened"
        case Draw():
            drawable = known.opened or effect.surface not in IN_CHANNEL
            return (
                None if drawable else f"draws the {effect.surface.value} of a channel that was never opened"
            )
    return None


def in_one_line(error: BaseException) -> str:
    """The first thing that is wrong, in one line; pydantic lists them all, with the values."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else first["msg"]
    return (str(error) or type(error).__name__).splitlines()[0]
