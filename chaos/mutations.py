"""Payloads as nobody sends them: made from real ones, by lot, and wrong in what the bot reads of them.

A mutation never makes another valid request: what identifies a request stays as it was (and was carried out
before), or becomes nothing that Slack would send. So whatever is stored because of it is a mistake.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_plus, urlencode

from chaos.recording import FORM, JSON, Recorded

Json = dict[str, Any]
Place = tuple[str | int, ...]

MEGABYTE = 1_000_000
DEEP = 20_000  # beyond what any parser follows by recursion
# What identifies a request. Another valid value there would be another valid request.
IDENTITY = ("trigger_id", "event_id", "id")
NO_IDENTITY = ("", " ", "\x00", "\ud800", "a\udfffb", "é" * 3000, "x" * 5000)
MOST_BYTES = 3 * MEGABYTE

WRONG_TYPES: tuple[Any, ...] = (None, True, 0, -1, 2**63, 10**400, 1.5, [], {}, [[]], [None], {"": {}})
ODD_TEXT = (
    "",
    " ",
    "\x00",
    "\ud800",
    "a\udfffb",
    "\u202e",
    "é" * 3000,
    "<!channel>",
    "%s%n{0}",
    "'; drop table timeline; --",
    "../../etc/passwd",
    "\r\nX-Injected: 1",
    "🧨" * 500,
)


def mutated(recorded: Recorded, chance: random.Random) -> tuple[bytes, str]:
    """Body and content type of a request that is wrong in one to three places, or in how it is written."""
    if chance.random() < 0.25 and not _switches(recorded):
        return _badly_written(recorded, chance)
    payload = _spoilt(recorded, chance)
    return _written(recorded.kind, payload, chance)


def _spoilt(recorded: Recorded, chance: random.Random) -> Json:
    """A copy that is wrong in one to three places."""
    payload = copy.deepcopy(recorded.payload)
    for _ in range(chance.randint(1, 3)):
        _spoil(payload, chance)
    if _switches(recorded) and "trigger_id" in payload:
        payload["trigger_id"] = recorded.payload["trigger_id"]
    event, was = payload.get("event"), recorded.payload.get("event")
    if isinstance(event, dict) and isinstance(was, dict) and "inviter" in was:
        event["inviter"] = was["inviter"]  # whom we invite is not noted; whoever comes without an inviter is
    return payload


def _switches(recorded: Recorded) -> bool:
    """Whether it holds or restores a flag: with another trigger id that is another request, and a right one.

    What else people ask is so already by then, or told apart by its words.
    """
    pressed = [action.get("action_id", "") for action in recorded.payload.get("actions", ())]
    return recorded.payload.get("command") == "/flag" or any(each.startswith("flag") for each in pressed)


def spoiled(recorded: Recorded, chance: random.Random) -> Any:
    """The payload alone, wrong in one to three places; for the socket, where it is part of a frame."""
    payload = _spoilt(recorded, chance)
    return payload if chance.random() > 0.05 else copy.deepcopy(chance.choice(WRONG_TYPES))


# what is in it -------------------------------------------------------------------------------------------


def _spoil(payload: Json, chance: random.Random) -> None:
    """Change one place, anywhere in it."""
    places = list(_places(payload))
    if not places:
        return
    # what stands near the top is what is read; the blocks of a message are thousands of places that nobody reads
    near = [place for place in places if len(place) <= 3]
    place = chance.choice(near if near and chance.random() < 0.8 else places)
    *path, last = place
    parent: Any = payload
    for key in path:
        parent = parent[key]
    if last in IDENTITY:  # also one that was spoilt before: any word would be another valid one
        parent[last] = copy.deepcopy(
            chance.choice([*NO_IDENTITY, *WRONG_TYPES])
        )  # or the next one changes them
    else:
        chance.choice(WAYS)(parent, last, chance)


def _places(value: Any, path: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from _places(inner, (*path, index))


def _remove(parent: Any, last: Any, chance: random.Random) -> None:
    del parent[last]


def _retype(parent: Any, last: Any, chance: random.Random) -> None:
    parent[last] = copy.deepcopy(chance.choice(WRONG_TYPES))


def _write_oddly(parent: Any, last: Any, chance: random.Random) -> None:
    parent[last] = chance.choice(ODD_TEXT)


def _swell(parent: Any, last: Any, chance: random.Random) -> None:
    parent[last] = "x" * chance.choice([5_000, 100_000, MEGABYTE] if chance.random() < 0.05 else [5_000])


def _nest(parent: Any, last: Any, chance: random.Random) -> None:
    inner: Any = parent[last]
    for _ in range(chance.choice([3, 50, 400])):
        inner = [inner] if chance.random() < 0.5 else {"a": inner}
    parent[last] = inner


def _repeat(parent: Any, last: Any, chance: random.Random) -> None:
    if isinstance(parent, list):
        parent.extend(
            [parent[last]] * 50
        )  # the very same: what is nested by now is deeper than a copy can go
    else:
        parent[last] = [parent[last]] * 50


def _estrange(parent: Any, last: Any, chance: random.Random) -> None:
    """An action, a form, a kind of payload that there is not; a value from another time."""
    parent[last] = chance.choice(
        [
            "checklist.unknown",
            "view_exploded",
            '{"incident":0}',
            '{"incident":999999999999999999999,"step":"scope"}',
            '{"incident":1,"step":"gone","more":1}',
            '{"incident":"1"}',
            "{",
            "null",
        ]
    )


WAYS: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _remove,
    _remove,
    _retype,
    _retype,
    _write_oddly,
    _swell,
    _nest,
    _repeat,
    _estrange,
)


# how it is written ---------------------------------------------------------------------------------------


def _written(kind: str, payload: Json, chance: random.Random) -> tuple[bytes, str]:
    """As Slack writes that kind; a lone surrogate as JSON can carry it, or as bytes that are no UTF-8."""
    match kind:
        case "slash_commands":
            fields = [
                (key, value if isinstance(value, str) else json.dumps(value))
                for key, value in payload.items()
                if isinstance(value, str) or key not in IDENTITY  # in a form everything is text, and valid
            ]
            return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in fields).encode(), FORM
        case "interactive":
            return b"payload=" + _quoted(_json(payload, chance)).encode(), FORM
        case _:
            return _json(payload, chance).encode("utf-8", "surrogatepass"), JSON


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))


def _json(payload: Any, chance: random.Random) -> str:
    return json.dumps(payload, ensure_ascii=chance.random() < 0.5)


def _badly_written(recorded: Recorded, chance: random.Random) -> tuple[bytes, str]:
    """Well-formed inside, wrong outside."""
    body, kind = recorded.over_http()
    text = json.dumps(recorded.payload)
    ways: list[Callable[[], tuple[bytes, str]]] = [
        lambda: (body[: chance.randrange(_end_of_the_certain(body))], kind),
        lambda: (body[chance.randrange(len(body)) :], kind),
        lambda: (_flipped(body, chance), kind),
        lambda: (b"", chance.choice([FORM, JSON, "text/plain", ""])),
        lambda: (b"payload=" + quote_plus("[" * DEEP).encode(), FORM),
        lambda: (b"[" * DEEP, JSON),
        lambda: (b'{"a":' * DEEP, JSON),
        lambda: (b'{"type":"event_callback","type":' + text.encode() + b"}", JSON),
        lambda: (text.replace("{", '{"type":1,"type":[],', 1).encode(), JSON),
        lambda: (urlencode({"payload": text[:-1]}).encode(), FORM),
        lambda: (urlencode([("payload", "{}"), ("payload", "[]")]).encode(), FORM),
        lambda: (urlencode([(f"field{n}", "x") for n in range(2000)]).encode(), FORM),
        lambda: (b"command=%FF%FE&user_id=%C3%28&text=%00", FORM),
        lambda: (b"\xff\xfe\x00" + body, kind),
        lambda: (text.encode("utf-16"), JSON),
        lambda: (b'{"type": NaN, "event": Infinity}', JSON),
        lambda: (
            b"--x\r\nContent-Disposition: form-data; name=payload\r\n\r\n{}\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        lambda: (
            b"x" * chance.choice([100, MEGABYTE, MOST_BYTES] if chance.random() < 0.05 else [100]),
            kind,
        ),
    ]
    return chance.choice(ways)()


def _end_of_the_certain(body: bytes) -> int:
    """Cut off behind this, a slash command could have another trigger id, and be another valid request."""
    trigger = body.find(b"trigger_id=")
    return len(body) if trigger < 0 else trigger


def _flipped(body: bytes, chance: random.Random) -> bytes:
    """A few bytes are others, and none that an id may have: that could be another valid request."""
    spoilt = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        spoilt[chance.randrange(len(spoilt))] = chance.choice(b"\x00\x7f\xff")
    return bytes(spoilt)
