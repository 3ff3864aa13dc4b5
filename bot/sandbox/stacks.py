"""What can happen to views: opened, pushed, updated, closed, published to a Home tab. Nothing in here refuses."""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.blocks import settled
from bot.sandbox.workspace import Change, View, Workspace

MOST = 3  # views on one stack: https://docs.slack.dev/surfaces/modals


def stack(workspace: Workspace, user: str) -> list[View]:
    """A person's open modals, the one on top last."""
    return [workspace.views[id_] for id_ in workspace.modal_stacks.get(user, ())]


def top(workspace: Workspace, user: str) -> View | None:
    """The modal that a person sees."""
    return next(reversed(stack(workspace, user)), None)


def open_modal(workspace: Workspace, user: str, raw: dict[str, Any]) -> View:
    """Show a modal; it replaces whatever the person had open."""
    clear(workspace, user)
    return push_modal(workspace, user, raw)


def push_modal(workspace: Workspace, user: str, raw: dict[str, Any]) -> View:
    """Put a modal on top of the ones that are open."""
    below = top(workspace, user)
    id_ = workspace.new_id("V")
    view = View(
        id=id_,
        user=user,
        kind="modal",
        raw=_settled(workspace, raw),
        hash=_hash(workspace),
        root_id=below.root_id if below else id_,
        previous_id=below.id if below else None,
    )
    workspace.views[id_] = view
    workspace.modal_stacks.setdefault(user, []).append(id_)
    workspace.changed(Change("view", user=user))
    return view


def update(workspace: Workspace, view: View, raw: dict[str, Any]) -> None:
    """Replace what a view shows. What was typed stays where block_id and action_id are the same."""
    view.raw = _settled(workspace, raw)
    view.hash = _hash(workspace)
    view.errors = {}
    workspace.changed(Change("view" if view.kind == "modal" else "home", user=view.user))


def close(workspace: Workspace, view: View) -> None:
    """Take a modal off its stack, with all that lies on it."""
    opened = workspace.modal_stacks.get(view.user, [])
    if view.id in opened:
        cut = opened.index(view.id)
        for id_ in opened[cut:]:
            del workspace.views[id_]
        del opened[cut:]
    workspace.changed(Change("view", user=view.user))


def clear(workspace: Workspace, user: str) -> None:
    """Close every modal of a person."""
    for view in stack(workspace, user)[:1]:
        close(workspace, view)


def publish(workspace: Workspace, user: str, raw: dict[str, Any]) -> View:
    """Show a Home tab to a person; it keeps its id from one publication to the next."""
    known = workspace.views.get(workspace.homes.get(user, ""))
    if known is not None:
        update(workspace, known, raw)
        return known
    id_ = workspace.new_id("V")
    view = View(
        id=id_, user=user, kind="home", raw=_settled(workspace, raw), hash=_hash(workspace), root_id=id_
    )
    workspace.views[id_] = view
    workspace.homes[user] = id_
    workspace.changed(Change("home", user=user))
    return view


def _settled(workspace: Workspace, raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "blocks": settled(raw.get("blocks"), workspace.new_id) or []}


def _hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock.now())}.{secrets.token_hex(4)}"
