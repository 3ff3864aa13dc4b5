"""With a manifest loaded, an app may do what its scopes allow and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.methods import METHODS
from tests.sandbox.scenes import Scene
from tests.sandbox.serving import ANA, Served, serving


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def allow(served: Served, *scopes: str, **features: Any) -> None:
    """Install the app with a manifest that asks for these scopes."""
    served.workspace.app.manifest = {
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "features": features,
    }


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.scopes])
async def test_without_a_scope_a_method_says_which_it_needs(served: Served, name: str) -> None:
    allow(served, "commands")
    answer = await served.call(name)
    assert answer == {
        "ok": False,
        "error": "missing_scope",
        "needed": METHODS[name].scopes[0],
        "provided": "commands",
    }


@pytest.mark.parametrize("name", ["auth.test", "views.open", "chat.getPermalink", "blocks.validate"])
async def test_some_methods_need_no_scope(served: Served, name: str) -> None:
    allow(served, "commands")
    assert (await served.call(name)).get("error") != "missing_scope"


# purpose, where, the scope that does, the one that does not, and a call
BY_KIND: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("conversations.info", "room", "channels:read", "groups:read", {}),
    ("conversations.info", "secret", "groups:read", "channels:read", {}),
    ("conversations.info", "im", "im:read", "channels:read", {}),
    ("conversations.history", "room", "channels:history", "groups:history", {}),
    ("conversations.history", "secret", "groups:history", "channels:history", {}),
    ("conversations.setTopic", "secret", "groups:write", "channels:manage", {"topic": "a"}),
    ("conversations.setTopic", "room", "channels:write.topic", "groups:write.topic", {"topic": "a"}),
    ("conversations.invite", "room", "channels:write.invites", "groups:write.invites", {"users": ANA}),
    ("conversations.archive", "secret", "groups:write", "channels:manage", {}),
]


@pytest.mark.parametrize(("method", "where", "enough", "wrong", "more"), BY_KIND)
async def test_the_kind_of_a_conversation_decides_which_scope(
    served: Served, method: str, where: str, enough: str, wrong: str, more: dict[str, Any]
) -> None:
    scene = Scene(served)
    await scene.set(where)
    arguments = {"channel": scene.names[where], **more}
    allow(served, wrong)
    assert (await served.call(method, **arguments))["error"] == "missing_scope"
    allow(served, enough)
    assert (await served.call(method, **arguments))["ok"]


async def test_a_private_channel_needs_the_scope_for_private_ones(served: Served) -> None:
    allow(served, "channels:manage")
    assert (await served.call("conversations.create", name="a"))["ok"]
    answer = await served.call("conversations.create", name="b", is_private=True)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:write")


async def test_posting_where_one_is_not_takes_chat_write_public(served: Served) -> None:
    scene = Scene(served)
    await scene.set("foreign")
    message = {"channel": scene.names["foreign"], "text": "hi"}
    allow(served, "chat:write")
    assert (await served.call("chat.postMessage", **message))["error"] == "not_in_channel"
    allow(served, "chat:write", "chat:write.public")
    assert (await served.call("chat.postMessage", **message))["ok"]


async def test_another_name_takes_chat_write_customize(served: Served) -> None:
    allow(served, "chat:write")
    answer = await served.call("chat.postMessage", channel="C00000001", text="hi", username="Ops")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write.customize")


async def test_email_addresses_show_only_to_those_who_may_read_them(served: Served) -> None:
    allow(served, "users:read")
    assert "email" not in (await served.call("users.info", user=ANA))["user"]["profile"]
    allow(served, "users:read", "users:read.email")
    shown = (await served.call("users.info", user=ANA))["user"]["profile"]
    assert shown["email"] == "ana@sandbox.example"


async def test_listing_private_channels_takes_their_scope(served: Served) -> None:
    allow(served, "channels:read")
    assert (await served.call("conversations.list"))["ok"]
    answer = await served.call("conversations.list", types="public_channel,private_channel")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:read")


async def test_a_home_tab_that_the_manifest_does_not_have_cannot_be_published(served: Served) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    allow(served, app_home={"home_tab_enabled": False})
    assert (await served.call("views.publish", user_id=ANA, view=home))["error"] == "not_enabled"
    allow(served, app_home={"home_tab_enabled": True})
    assert (await served.call("views.publish", user_id=ANA, view=home))["ok"]


async def test_answers_name_the_scopes_in_their_headers(served: Served) -> None:
    allow(served, "chat:write", "commands")
    answer = await served.client.auth_test()
    assert answer.headers["X-OAuth-Scopes"] == "chat:write,commands"
