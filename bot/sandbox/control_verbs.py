"""The verbs of the control API: what a person does, named exactly as the page does, or in words as tests do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from bot.sandbox import elements, looking, shapes, stacks
from bot.sandbox.control_body import BadRequestError, Body
from bot.sandbox.elements import Spot
from bot.sandbox.errors import NotPossibleError
from bot.sandbox.interactions import Outcome, Surface, blocks_of
from bot.sandbox.people import PATIENCE, Actor, Reply
from bot.sandbox.workspace import Message, View

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

Json = dict[str, Any]
Verb = Callable[["Sandbox", Actor, Body], Awaitable[Json]]


# where things are -----------------------------------------------------


def message_in(actor: Actor, place: Body) -> Message:
    """The message at `{"channel", "ts"}`, if this person sees it."""
    channel = actor.channel(place.text("channel"))
    message = channel.messages.get(place.text("ts"))
    if message is None or message not in looking.shown(channel, actor.person):
        raise NotPossibleError(f"There is no message {place.text('ts')!r} in #{channel.name or channel.id}.")
    return message


def surface_in(sandbox: Sandbox, actor: Actor, place: Body) -> Surface:
    """A message, the modal on top, or the Home tab."""
    view_id = place.optional("view_id")
    if view_id is None:
        return message_in(actor, place)
    home = sandbox.workspace.views.get(sandbox.workspace.homes.get(actor.id, ""))
    if home is not None and home.id == view_id:
        return home
    return sandbox.modals.named(actor.person, view_id)


def spot_in(surface: Surface, body: Body) -> Spot:
    """The element that a request names by block_id and action_id."""
    spot = elements.find(blocks_of(surface), body.text("block_id"), body.text("action_id"))
    if spot is None:
        ids = f"{body.text('block_id')!r} / {body.text('action_id')!r}"
        raise NotPossibleError(f"There is no element {ids} there (any more).")
    return spot


# what is answered -----------------------------------------------------


def view_seen(sandbox: Sandbox, actor: Actor, view: View | None) -> Json | None:
    """A modal or a Home tab as its person sees it."""
    if view is None:
        return None
    opened = stacks.stack(sandbox.workspace, actor.id)
    return {
        "id": view.id,
        "hash": view.hash,
        "view": view.raw,
        "values": sandbox.interactions.values(actor.person, view),
        "errors": view.errors,
        "depth": opened.index(view) + 1 if view in opened else 0,
    }


def _answered(sandbox: Sandbox, actor: Actor, outcome: Outcome | Reply) -> Json:
    message = outcome.message
    modal = stacks.top(sandbox.workspace, actor.id)
    return {
        "text": sandbox.text_of(message) if message is not None else "",
        "error": outcome.error,
        "errors": outcome.errors,
        "asks": outcome.asks if isinstance(outcome, Reply) else None,
        "ts": message.ts if message is not None else None,
        "channel": message.channel if message is not None else None,
        "modal": view_seen(sandbox, actor, modal),
    }


# the page's verbs -----------------------------------------------------


async def _types(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    thread = body.optional("thread_ts")
    reply = await actor.types(body.text("text"), body.optional("channel"), thread=thread)
    return _answered(sandbox, actor, reply)


async def _acts(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    surface = surface_in(sandbox, actor, body.inner("surface"))
    spot = spot_in(surface, body)
    outcome = await sandbox.interactions.act(actor.person, surface, spot, body.fields.get("value"))
    return _answered(sandbox, actor, outcome)


async def _enters(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    surface = surface_in(sandbox, actor, body.inner("surface"))
    spot = spot_in(surface, body)
    if spot.block.get("dispatch_action") and not body.yes("quietly"):
        return await _acts(sandbox, actor, body)
    sandbox.interactions.enter(actor.person, surface, spot, body.fields.get("value"))
    return {}


async def _options(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    surface = surface_in(sandbox, actor, body.inner("surface"))
    spot = spot_in(surface, body)
    return await sandbox.interactions.suggest(actor.person, surface, spot, body.text("query"))


async def _submits(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    view = _view(sandbox, actor, body)
    for block_id, inputs in (body.object("values") if "values" in body.fields else {}).items():
        if not isinstance(inputs, dict):
            raise BadRequestError("'values' must be {block_id: {action_id: value}}.")
        for action_id, value in inputs.items():
            spot = spot_in(view, Body({"block_id": block_id, "action_id": action_id}))
            sandbox.interactions.enter(actor.person, view, spot, value)
    return _answered(sandbox, actor, await sandbox.modals.submit(actor.person, view))


async def _closes(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    view = _view(sandbox, actor, body)
    outcome = await sandbox.modals.close(actor.person, view, everything=body.yes("all"))
    return _answered(sandbox, actor, outcome)


def _view(sandbox: Sandbox, actor: Actor, body: Body) -> View:
    view_id = body.optional("view_id")
    return sandbox.modals.named(actor.person, view_id) if view_id else sandbox.modals.top(actor.person)


async def _opens_home(sandbox: Sandbox, actor: Actor, _body: Body) -> Json:
    await actor.opens_home()
    home = sandbox.workspace.views.get(sandbox.workspace.homes.get(actor.id, ""))
    return {"home": view_seen(sandbox, actor, home)}


async def _uses_shortcut(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    message = message_in(actor, body.inner("message")) if "message" in body.fields else None
    reply = await actor.uses_shortcut(body.text("callback_id"), message)
    return _answered(sandbox, actor, reply)


async def _reacts(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.reacts(body.text("name"), message_in(actor, body.inner("message")))
    return {}


async def _unreacts(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.unreacts(body.text("name"), message_in(actor, body.inner("message")))
    return {}


async def _pins(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.pins(message_in(actor, body.inner("message")))
    return {}


async def _unpins(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.unpins(message_in(actor, body.inner("message")))
    return {}


async def _edits(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.edits(message_in(actor, body.inner("message")), body.text("text"))
    return {}


async def _deletes(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.deletes(message_in(actor, body.inner("message")))
    return {}


async def _uploads(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    try:
        content = base64.b64decode(body.text("content"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequestError("'content' must be base64.") from error
    channel = body.optional("channel")
    if channel is None:
        file = actor.picks_file(body.text("name"), content)
        return {"file": shapes.file_object(sandbox.workspace, file)}
    message = await actor.uploads(
        body.text("name"),
        content,
        channel,
        text=body.optional("text") or "",
        thread_ts=body.optional("thread_ts"),
    )
    file = sandbox.workspace.files[message.files[0]]
    told = {"file": shapes.file_object(sandbox.workspace, file)}
    return {**told, "channel": message.channel, "ts": message.ts}


async def _joins(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.joins(body.text("channel"))
    return {}


async def _leaves(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.leaves(body.text("channel"))
    return {}


async def _invites(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.invites(body.text("whom"), body.text("channel"))
    return {}


async def _sets_topic(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    await actor.sets_topic(body.text("topic"), body.text("channel"))
    return {}


async def _creates(_sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    channel = await actor.creates(body.text("name"), is_private=body.yes("is_private"))
    return {"channel": channel.id}


async def _opens_chat(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    other = sandbox.workspace.person(body.text("with"))
    if other.id == sandbox.workspace.app.bot_user:
        return {"channel": (await actor.opens_app_chat()).id}
    return {"channel": (await actor.opens_chat(other.id)).id}


# the verbs of tests ---------------------------------------------------


async def _clicks(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    reply = await actor.clicks(
        body.text("text"),
        near=body.optional("near"),
        channel=body.optional("channel"),
        patience=body.number("timeout", PATIENCE),
    )
    return _answered(sandbox, actor, reply)


async def _confirms(sandbox: Sandbox, actor: Actor, _body: Body) -> Json:
    return _answered(sandbox, actor, await actor.confirms())


async def _declines(_sandbox: Sandbox, actor: Actor, _body: Body) -> Json:
    await actor.declines()
    return {}


async def _fills(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    reply = await actor.fills(body.object("values"), body.number("timeout", PATIENCE))
    return _answered(sandbox, actor, reply)


async def _chooses(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    reply = await actor.chooses(
        body.text("label"),
        body.fields.get("option"),
        near=body.optional("near"),
        channel=body.optional("channel"),
        patience=body.number("timeout", PATIENCE),
    )
    return _answered(sandbox, actor, reply)


async def _sees(sandbox: Sandbox, actor: Actor, body: Body) -> Json:
    message = await actor.sees(body.text("text"), body.optional("channel"), body.number("timeout", PATIENCE))
    return _answered(sandbox, actor, Outcome(message))


VERBS: dict[str, Verb] = {
    "types": _types,
    "acts": _acts,
    "enters": _enters,
    "options": _options,
    "submits": _submits,
    "closes": _closes,
    "opens_home": _opens_home,
    "uses_shortcut": _uses_shortcut,
    "reacts": _reacts,
    "unreacts": _unreacts,
    "pins": _pins,
    "unpins": _unpins,
    "edits": _edits,
    "deletes": _deletes,
    "uploads": _uploads,
    "joins": _joins,
    "leaves": _leaves,
    "invites": _invites,
    "sets_topic": _sets_topic,
    "creates": _creates,
    "opens_chat": _opens_chat,
    "clicks": _clicks,
    "confirms": _confirms,
    "declines": _declines,
    "fills": _fills,
    "chooses": _chooses,
    "sees": _sees,
}
