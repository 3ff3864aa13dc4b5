"""Who is who: users.*, usergroups.*, bots.info, team.info, emoji.list."""

from __future__ import annotations

from typing import Any

from bot.sandbox import shapes
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method


async def users_info(call: Call) -> dict[str, Any]:
    """One person."""
    person = lookups.person(call, missing="user_not_found")
    return {"user": shapes.user_object(call.workspace, person)}


async def users_list(call: Call) -> dict[str, Any]:
    """Everybody."""
    people, metadata = lookups.page(call, list(call.workspace.people.values()), default=0)
    members = [shapes.user_object(call.workspace, person) for person in people]
    return {"members": members, "cache_ts": int(call.workspace.clock.now()), **metadata}


async def users_lookup_by_email(call: Call) -> dict[str, Any]:
    """The person with an e-mail address."""
    email = call.arguments.text("email", required=True, missing="users_not_found").lower()
    found = [p for p in call.workspace.people.values() if p.email.lower() == email and not p.deleted]
    if not found:
        raise SlackError("users_not_found")
    return {"user": shapes.user_object(call.workspace, found[0])}


async def usergroups_list(call: Call) -> dict[str, Any]:
    """All user groups."""
    users, count = call.arguments.flag("include_users"), call.arguments.flag("include_count")
    groups = call.workspace.groups.values()
    return {"usergroups": [shapes.group_object(call.workspace, g, users=users, count=count) for g in groups]}


async def usergroups_users_list(call: Call) -> dict[str, Any]:
    """Who is in a user group."""
    id_ = call.arguments.text("usergroup", required=True, missing="no_such_subteam")
    group = call.workspace.groups.get(id_)
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


async def bots_info(call: Call) -> dict[str, Any]:
    """The app's bot."""
    app = call.app
    if call.arguments.text("bot") not in (None, "", app.bot_id):
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "deleted": False,
            "name": app.name,
            "updated": 0,
            "app_id": app.id,
            "user_id": app.bot_user,
            "icons": {},
        }
    }


async def team_info(call: Call) -> dict[str, Any]:
    """The workspace."""
    workspace = call.workspace
    if call.arguments.text("team") not in (None, "", workspace.team_id):
        raise SlackError("team_not_found")
    return {
        "team": {
            "id": workspace.team_id,
            "name": workspace.team_name,
            "url": f"{workspace.base_url}/",
            "domain": workspace.domain,
            "email_domain": "sandbox.example",
            "icon": {"image_default": True},
            "avatar_base_url": f"{workspace.base_url}/avatars/",
            "is_verified": False,
        }
    }


async def emoji_list(call: Call) -> dict[str, Any]:
    """The workspace's own emoji: it has none."""
    return {"emoji": {}, "cache_ts": call.workspace.new_ts()}


USERS, GROUPS = ("users:read",), ("usergroups:read",)
EMAIL = ("users:read.email",)
METHODS = {
    "users.info": Method(users_info, scopes=USERS, per_minute=100, json=False),
    "users.list": Method(users_list, scopes=USERS, per_minute=20, json=False),
    "users.lookupByEmail": Method(users_lookup_by_email, scopes=EMAIL, per_minute=50, json=False),
    "usergroups.list": Method(usergroups_list, scopes=GROUPS, per_minute=20, json=False),
    "usergroups.users.list": Method(usergroups_users_list, scopes=GROUPS, per_minute=20, json=False),
    "bots.info": Method(bots_info, scopes=USERS, per_minute=50, json=False),
    "team.info": Method(team_info, scopes=("team:read",), per_minute=50, json=False),
    "emoji.list": Method(emoji_list, scopes=("emoji:read",), per_minute=20, json=False),
}
