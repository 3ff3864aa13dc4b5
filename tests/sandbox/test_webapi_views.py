"""Views as the app sees them: opened once a trigger, stacked, changed under a hash, published to a Home tab."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.kit import field, home, modal, plain
from tests.sandbox.serving import ANA, BO, Served, serving


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def test_a_refused_view_uses_up_no_trigger(served: Served) -> None:
    trigger = served.triggers.issue(ANA)
    refused = await served.call("views.open", trigger_id=trigger, view=modal(title=None))
    assert refused["error"] == "invalid_arguments"
    assert (await served.call("views.open", trigger_id=trigger, view=modal()))["ok"]
    again = await served.call("views.open", trigger_id=trigger, view=modal())
    assert again["error"] == "exchanged_trigger_id"


async def test_an_opened_view_carries_what_slack_adds(served: Served) -> None:
    view = modal(field(), submit=plain("Save"), callback_id="declare", private_metadata="INC-1")
    shown = (await served.call("views.open", trigger_id=served.triggers.issue(ANA), view=view))["view"]
    assert (shown["callback_id"], shown["private_metadata"]) == ("declare", "INC-1")
    assert (shown["app_id"], shown["bot_id"], shown["team_id"]) == ("A0FIREBREAK", "B0BOT", "T0SANDBOX")
    assert shown["root_view_id"] == shown["id"]
    assert shown["blocks"][0]["block_id"]
    assert shown["blocks"][0]["element"]["action_id"]


async def test_each_person_has_a_stack_of_their_own(served: Served) -> None:
    for person in (ANA, BO):
        await served.call("views.open", trigger_id=served.triggers.issue(person), view=modal())
    await served.call("views.push", trigger_id=served.triggers.issue(BO), view=modal())
    stacks = served.workspace.modal_stacks
    assert (len(stacks[ANA]), len(stacks[BO])) == (1, 2)


async def test_each_change_of_a_view_has_a_hash_of_its_own(served: Served) -> None:
    opened = (await served.call("views.open", trigger_id=served.triggers.issue(ANA), view=modal()))["view"]
    change = {"view_id": opened["id"], "hash": opened["hash"], "view": modal()}
    changed = await served.call("views.update", **change)
    assert changed["view"]["hash"] != opened["hash"]
    assert (await served.call("views.update", **change))["error"] == "hash_conflict"


async def test_a_home_tab_keeps_its_id(served: Served) -> None:
    first = (await served.call("views.publish", user_id=ANA, view=home()))["view"]
    second = (await served.call("views.publish", user_id=ANA, hash=first["hash"], view=home()))["view"]
    assert (second["id"], second["hash"] == first["hash"]) == (first["id"], False)
    late = await served.call("views.publish", user_id=ANA, hash=first["hash"], view=home())
    assert late["error"] == "hash_conflict"


async def test_a_view_is_redrawn_for_the_person_who_sees_it(served: Served) -> None:
    async with served.workspace.watch() as changes:
        await served.call("views.publish", user_id=BO, view=home())
        seen = [changes.get_nowait() for _ in range(changes.qsize())]
    assert [(change.kind, change.user) for change in seen] == [("home", BO), ("log", None)]
