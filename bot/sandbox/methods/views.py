"""Modals and Home tabs: views.open, push, update, publish."""

from __future__ import annotations

from typing import Any

from bot.sandbox import shapes, stacks
from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.limits import check_view
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.workspace import View


def given_view(call: Call, kind: str | None) -> dict[str, Any]:
    """The view that was sent, checked; `kind` is the only type that this method takes."""
    view = call.arguments.json("view")
    if view is None:
        raise refuse("missing required field: view")
    if kind is not None and view.get("type") != kind:
        raise refuse("must be a valid enum value [json-pointer:/view/type]")
    check_view(view)
    return dict(view)


def check_external_id(call: Call, raw: dict[str, Any], *, but: View | None = None) -> None:
    """An external_id names one view of the whole team."""
    wanted = raw.get("external_id")
    if wanted and any(
        v.raw.get("external_id") == wanted for v in call.workspace.views.values() if v is not but
    ):
        raise SlackError("duplicate_external_id")


def check_hash(call: Call, view: View | None) -> None:
    """Whoever sends a hash wants to change the view they saw, and no newer one."""
    expected = call.arguments.text("hash")
    if expected and view is not None and expected != view.hash:
        raise SlackError("hash_conflict")


def redeem(call: Call) -> str:
    """The person whose action the trigger_id stands for. Asked last: a refused view uses up no trigger."""
    trigger_id = call.arguments.text("trigger_id") or call.arguments.text("interactivity_pointer")
    if not trigger_id:
        raise refuse("missing required field: trigger_id")
    return call.triggers.redeem(trigger_id)


def shown(call: Call, view: View) -> dict[str, Any]:
    return {"view": shapes.view_object(call.workspace, view)}


async def views_open(call: Call) -> dict[str, Any]:
    """Show a modal to whoever just did something."""
    raw = given_view(call, "modal")
    check_external_id(call, raw)
    return shown(call, stacks.open_modal(call.workspace, redeem(call), raw))


async def views_push(call: Call) -> dict[str, Any]:
    """Put a modal on top of the one that the person is in."""
    raw = given_view(call, "modal")
    check_external_id(call, raw)
    user = redeem(call)
    opened = stacks.stack(call.workspace, user)
    if not opened:
        raise SlackError("not_found")
    if len(opened) >= stacks.MOST:
        raise SlackError("push_limit_reached")
    return shown(call, stacks.push_modal(call.workspace, user, raw))


async def views_update(call: Call) -> dict[str, Any]:
    """Replace what a view shows, as long as it is open."""
    raw = given_view(call, None)
    view = _named(call)
    if raw["type"] != view.kind:
        raise refuse("must be a valid enum value [json-pointer:/view/type]")
    check_hash(call, view)
    check_external_id(call, raw, but=view)
    stacks.update(call.workspace, view, raw)
    return shown(call, view)


def _named(call: Call) -> View:
    id_, external_id = call.arguments.text("view_id"), call.arguments.text("external_id")
    if not id_ and not external_id:
        raise refuse("missing required field: view_id or external_id")
    for view in call.workspace.views.values():
        if view.id == id_ or (not id_ and view.raw.get("external_id") == external_id):
            return view
    raise SlackError("not_found")


async def views_publish(call: Call) -> dict[str, Any]:
    """Show a Home tab to somebody."""
    id_ = call.arguments.text("user_id", required=True)
    raw = given_view(call, "home")
    if id_ not in call.workspace.people:
        raise refuse("invalid `user_id` [json-pointer:/user_id]")
    person = lookups.known_person(call, id_)
    manifest = call.app.manifest or {}
    if not manifest.get("features", {}).get("app_home", {}).get("home_tab_enabled", not manifest):
        raise SlackError("not_enabled")
    known = call.workspace.views.get(call.workspace.homes.get(person.id, ""))
    check_hash(call, known)
    check_external_id(call, raw, but=known)
    return shown(call, stacks.publish(call.workspace, person.id, raw))


METHODS = {
    "views.open": Method(views_open, per_minute=100),
    "views.push": Method(views_push, per_minute=100),
    "views.update": Method(views_update, per_minute=100),
    "views.publish": Method(views_publish, per_minute=100),
}
