"""A channel's canvas is written and rewritten, section by section."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.scenes import Scene
from tests.sandbox.serving import Served, serving


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
async def scene(served: Served) -> Scene:
    scene = Scene(served)
    await scene.set("room", "canvas")  # "# Status", "All is well."; $section is the heading
    return scene


def content(markdown: str) -> dict[str, str]:
    return {"type": "markdown", "markdown": markdown}


CHANGES: list[tuple[str, dict[str, Any], str]] = [
    (
        "at the start",
        {"operation": "insert_at_start", "document_content": content("New")},
        "New|# Status|All is well.",
    ),
    (
        "at the end",
        {"operation": "insert_at_end", "document_content": content("New")},
        "# Status|All is well.|New",
    ),
    (
        "before a section",
        {"operation": "insert_before", "section_id": "$section", "document_content": content("New")},
        "New|# Status|All is well.",
    ),
    (
        "after a section",
        {"operation": "insert_after", "section_id": "$section", "document_content": content("New")},
        "# Status|New|All is well.",
    ),
    (
        "in place of a section",
        {"operation": "replace", "section_id": "$section", "document_content": content("# Over\n\nDone")},
        "# Over|Done|All is well.",
    ),
    ("in place of everything", {"operation": "replace", "document_content": content("New")}, "New"),
    ("without a section", {"operation": "delete", "section_id": "$section"}, "All is well."),
]


@pytest.mark.parametrize(("change", "after"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_a_canvas_changes(served: Served, scene: Scene, change: dict[str, Any], after: str) -> None:
    canvas = scene.names["canvas"]
    answer = await served.call("canvases.edit", canvas_id=canvas, changes=[scene.filled(change)])
    assert answer == {"ok": True}
    assert served.workspace.canvases[canvas]["markdown"] == after.replace("|", "\n\n")


async def test_a_canvas_is_renamed(served: Served, scene: Scene) -> None:
    rename = {"operation": "rename", "title_content": content("INC-1")}
    await served.call("canvases.edit", canvas_id=scene.names["canvas"], changes=[rename])
    assert served.workspace.canvases[scene.names["canvas"]]["title"] == "INC-1"


async def test_the_channel_knows_its_canvas(served: Served, scene: Scene) -> None:
    channel = (await served.call("conversations.info", channel=scene.room.id))["channel"]
    assert channel["properties"]["canvas"] == {"file_id": scene.names["canvas"], "is_empty": False}


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"section_types": ["any_header"]}, 1),
        ({"section_types": ["h2"]}, 0),
        ({"contains_text": "well"}, 1),
        ({"contains_text": "t", "section_types": ["h1"]}, 1),
    ],
)
async def test_sections_are_found(served: Served, scene: Scene, criteria: dict[str, Any], found: int) -> None:
    canvas = scene.names["canvas"]
    answer = await served.call("canvases.sections.lookup", canvas_id=canvas, criteria=criteria)
    assert len(answer["sections"]) == found


async def test_a_wrong_change_leaves_the_canvas_as_it_was(served: Served, scene: Scene) -> None:
    canvas = scene.names["canvas"]
    before = served.workspace.canvases[canvas]["markdown"]
    for change in ({"operation": "paint"}, {"operation": "insert_at_end"}, {"operation": "delete"}):
        assert not (await served.call("canvases.edit", canvas_id=canvas, changes=[change]))["ok"]
    assert served.workspace.canvases[canvas]["markdown"] == before
