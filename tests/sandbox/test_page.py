"""The page drawn without a browser: every block and input, what messages look like, and nothing unescaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox import acts, rooms, stacks
from bot.sandbox.clock import VirtualClock
from bot.sandbox.page.place import place_of
from bot.sandbox.page.render import PARTS, Renderer
from bot.sandbox.workspace import App, Channel, File, View, Workspace
from tests.sandbox.page_html import Drawn
from tests.sandbox.page_kit import CARD, EVERY_BLOCK, EVERY_INPUT, field, modal, mrkdwn, plain

Json = dict[str, Any]
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;"
KINDS = [block["type"] for block, _ in EVERY_BLOCK]
INPUTS = [element["type"] for element, _ in EVERY_INPUT]


class Screen:
    """A workspace, and what its people see of it."""

    def __init__(self) -> None:
        self.workspace = Workspace(clock=VirtualClock(), app=App(name="Firebreak"))
        self.renderer = Renderer(self.workspace)
        self.room = self.workspace.channel("incidents")
        self.bot = self.workspace.app.bot_user

    def shows(self, part: str = "place", since: str = "", **query: str) -> str:
        place = place_of(self.workspace, {"as": "ana", "channel": self.room.id, **query})
        html = self.renderer.parts(place, [part], since)[part]
        assert Drawn(html).complaints == []
        return html

    def says(self, user: str, text: str, **more: Any) -> str:
        return acts.post(self.workspace, self.room, user=user, text=text, **more).ts

    def opens(self, view: Json, errors: dict[str, str] | None = None) -> View:
        opened = stacks.push_modal(self.workspace, "U01ANA", view)
        opened.errors = errors or {}
        return opened


@pytest.fixture
def screen() -> Screen:
    return Screen()


# blocks and inputs ------------------------------------------------------


@pytest.mark.parametrize(("block", "expected"), EVERY_BLOCK, ids=KINDS)
def test_every_block_brings_its_words_to_the_screen(screen: Screen, block: Json, expected: list[str]) -> None:
    screen.says(screen.bot, "fallback", blocks=[block])
    html = screen.shows()
    for words in expected:
        assert words in html
    assert "fallback" not in Drawn(html).text


@pytest.mark.parametrize(("element", "expected"), EVERY_INPUT, ids=INPUTS)
def test_every_input_is_labelled_and_holds_what_it_begins_with(
    screen: Screen, element: Json, expected: list[str]
) -> None:
    view = modal(blocks=[field("What is so", {**element, "action_id": "v"}, "b", hint=plain("a hint"))])
    screen.opens(view)
    html = screen.shows("modals")
    for words in [*expected, "What is so", "a hint", 'data-block="b"', 'data-action="v"']:
        assert words in html
    assert 'for="' in html or "aria-labelledby=" in html


def test_an_input_holds_what_the_person_typed_rather_than_what_it_began_with(screen: Screen) -> None:
    element = {"type": "plain_text_input", "action_id": "v", "initial_value": "from the app"}
    view = screen.opens(modal(blocks=[field("Title", element, "b")]))
    view.state = {"b": {"v": {"type": "plain_text_input", "value": "from Ana"}}}
    html = screen.shows("modals")
    assert 'value="from Ana"' in html
    assert "from the app" not in html


def test_an_error_stands_below_its_input_and_the_input_says_so(screen: Screen) -> None:
    element = {"type": "plain_text_input", "action_id": "v"}
    screen.opens(modal(blocks=[field("Title", element, "b")]), {"b": "Say more.", "": "We had some trouble."})
    html = screen.shows("modals")
    assert 'aria-invalid="true"' in html
    assert "Say more." in html
    assert "We had some trouble." in html
    assert "1 field needs another look." in html


def test_a_pushed_view_has_a_way_back_and_a_single_one_has_not(screen: Screen) -> None:
    screen.opens(modal())
    assert 'aria-label="Back"' not in screen.shows("modals")
    screen.opens(modal())
    assert 'aria-label="Back"' in screen.shows("modals")
    assert screen.shows("modals", **{"as": "bo"}) == ""


def test_a_button_for_other_eyes_is_not_drawn(screen: Screen) -> None:
    button = {"type": "button", "text": plain("Secret"), "action_id": "a", "visible_to_user_ids": ["U02BO"]}
    screen.says(screen.bot, "x", blocks=[{"type": "actions", "elements": [button]}])
    assert "Secret" not in screen.shows()
    assert "Secret" in screen.shows(**{"as": "bo"})


def test_a_menu_shows_what_this_person_chose_in_it(screen: Screen) -> None:
    chosen = CARD[3]["elements"][1]["options"][2]
    screen.says(screen.bot, "card", blocks=CARD)
    held = {"type": "static_select", "selected_option": chosen}

    def values(_person: Any, message: Any) -> Json:
        return {message.blocks[3]["block_id"]: {"severity": held}}

    screen.renderer.values = values
    assert "P2 · partial</span>" in screen.shows()


# hostile and broken content ---------------------------------------------


def poisoned(value: Any) -> Any:
    """The same JSON with hostile text in the place of every text that people read."""
    if isinstance(value, dict):
        return {k: v if k in ("type", "style", "status", "level") else poisoned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("block", [block for block, _ in EVERY_BLOCK], ids=KINDS)
def test_hostile_text_in_any_field_of_a_block_is_only_text(screen: Screen, block: Json) -> None:
    screen.says(screen.bot, HOSTILE, blocks=[poisoned(block)])
    assert "script" not in Drawn(screen.shows()).tags


@pytest.mark.parametrize("element", [element for element, _ in EVERY_INPUT], ids=INPUTS)
def test_hostile_text_in_any_field_of_an_input_is_only_text(screen: Screen, element: Json) -> None:
    screen.opens(poisoned(modal(blocks=[field("x", {**element, "action_id": "v"}, "b")])), {HOSTILE: HOSTILE})
    assert "script" not in Drawn(screen.shows("modals")).tags


def test_hostile_names_topics_files_and_log_lines_are_only_text(screen: Screen) -> None:
    workspace = screen.workspace
    workspace.people["U02BO"].real_name = HOSTILE
    workspace.people["U02BO"].color = '#fff" onload="alert(1)'
    screen.room.topic["value"] = screen.room.purpose["value"] = HOSTILE
    screen.room.bookmarks = [{"title": HOSTILE, "link": "javascript:alert(1)", "emoji": HOSTILE}]
    workspace.files["F1"] = File("F1", HOSTILE, HOSTILE, "U02BO", 0, mimetype=HOSTILE, content=b"x")
    ts = screen.says("U02BO", HOSTILE, files=["F1"], username=HOSTILE, icon_emoji=HOSTILE)
    acts.react(workspace, screen.room, screen.room.messages[ts], user="U02BO", name=HOSTILE)
    screen.says(
        "U02BO", "x", attachments=[poisoned({"color": "x", "title": "t", "title_link": "l", "text": "t"})]
    )
    screen.says("U01ANA", HOSTILE, thread_ts=ts)
    entry = workspace.record("out", HOSTILE, HOSTILE, 1.0, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE})
    for part in PARTS:
        drawn = Drawn(screen.shows(part, thread=ts))
        assert "script" not in drawn.tags
    detail = screen.renderer.entry(entry.number)
    assert detail is not None
    assert Drawn(detail).complaints == []


ODD: list[Any] = [None, True, 7, -1.5, "x", [], {}, [7], [None], [[]], [{}], {"x": 7}, {"type": "section"}]


def bent(value: Any) -> Iterator[Any]:
    """The same JSON again and again, each time with one odd thing in one place, or with one key missing."""
    yield from ODD
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        if isinstance(value, dict) and key != "type":
            yield {k: v for k, v in value.items() if k != key}
        for odd in bent(value[key]) if key != "type" else ODD:
            copied = value.copy()
            copied[key] = odd
            yield copied


@pytest.mark.parametrize("block", [block for block, _ in EVERY_BLOCK], ids=KINDS)
def test_no_block_however_malformed_stops_the_page_or_breaks_out(screen: Screen, block: Json) -> None:
    message = screen.room.messages[screen.says(screen.bot, "x")]
    message.blocks = list(bent(block))
    assert len(message.blocks) > len(ODD)
    screen.shows()


@pytest.mark.parametrize("element", [element for element, _ in EVERY_INPUT], ids=INPUTS)
def test_no_input_however_malformed_stops_the_page_or_breaks_out(screen: Screen, element: Json) -> None:
    view = screen.opens(modal())
    view.raw["blocks"] = list(bent(field("Title", {**element, "action_id": "v"}, "b")))
    screen.shows("modals")


# messages ---------------------------------------------------------------


def test_messages_close_together_share_a_name_and_a_new_day_has_a_line(screen: Screen) -> None:
    screen.says("U02BO", "one")
    screen.says("U02BO", "two")
    screen.says("U04DEE", "three")
    html = screen.shows()
    assert html.count("is-compact") == 1
    assert html.count('class="name"') == 2
    assert html.count("day-line") == 1
    assert "Today" in html


def test_the_line_new_stands_above_the_first_message_that_was_not_read(screen: Screen) -> None:
    read = screen.says("U02BO", "old")
    screen.says("U01ANA", "my own")
    screen.says("U02BO", "fresh")
    html = screen.shows(since=read)
    assert html.index("old") < html.index("my own") < html.index("new-line") < html.index("fresh")
    assert "new-line" not in screen.shows()


def test_a_thread_is_counted_on_its_message_and_shown_beside(screen: Screen) -> None:
    ts = screen.says("U02BO", "Deploy went out")
    screen.says("U01ANA", "rolling back", thread_ts=ts)
    screen.says("U02BO", "done, and told everybody", thread_ts=ts, subtype="thread_broadcast")
    html = screen.shows()
    assert "2 replies" in html
    assert "rolling back" not in html
    assert "Replied to a thread" in html
    thread = screen.shows("thread", thread=ts)
    assert thread.index("Deploy went out") < thread.index("rolling back") < thread.index("done, and told")


def test_an_ephemeral_is_seen_by_one_person_who_can_dismiss_it(screen: Screen) -> None:
    acts.post_ephemeral(
        screen.workspace, screen.room, user=screen.bot, viewer="U01ANA", text="Not yet: two steps are open."
    )
    html = screen.shows()
    assert "Only visible to you" in html
    assert "data-dismiss" in html
    assert "two steps are open" not in screen.shows(**{"as": "bo"})


def test_edited_pinned_reacted_and_told_messages_say_so(screen: Screen) -> None:
    ts = screen.says("U01ANA", "since 14:18")
    message = screen.room.messages[ts]
    acts.edit(screen.workspace, screen.room, message, by="U01ANA", text="since 14:17, says <@U02BO>")
    acts.react(screen.workspace, screen.room, message, user="U02BO", name="tada")
    acts.pin(screen.workspace, screen.room, message, user="U04DEE")
    html = screen.shows()
    assert "(edited)" in html
    assert "Pinned by Dee Okafor" in html
    assert 'aria-label="1 pinned"' in html
    assert 'aria-pressed="false" title="Bo Lindqvist"' in html
    assert "pinned a message to this channel" in html
    assert 'data-source="since 14:17, says @bo"' in html


def test_pictures_are_shown_and_other_files_are_downloaded(screen: Screen) -> None:
    files = screen.workspace.files
    files["F1"] = File(
        "F1", "g.png", "Graph", "U01ANA", 0, mimetype="image/png", content=b"png", alt_text="Errors rise"
    )
    files["F2"] = File("F2", "t.json", "Trace", "U01ANA", 0, mimetype="application/json", content=b"{}" * 700)
    screen.says("U01ANA", "", files=["F1", "F2"])
    html = screen.shows()
    assert 'src="/sandbox/files/F1" alt="Errors rise"' in html
    assert 'href="/sandbox/files/F2" download="t.json"' in html
    assert "t.json · 1 kB" in html


def test_only_the_newest_messages_are_drawn_until_earlier_ones_are_asked_for(screen: Screen) -> None:
    for number in range(100):
        screen.says("U02BO", f"line-{number}.")
    html = screen.shows()
    assert "line-99." in html
    assert "line-19." not in html
    assert 'data-earlier="160"' in html
    assert "line-0." in screen.shows(shown="160")


# places -----------------------------------------------------------------


def test_the_sidebar_marks_what_is_new_and_for_whom(screen: Screen) -> None:
    screen.says("U02BO", "hello <@U01ANA>")
    acts.post(screen.workspace, screen.workspace.channel("general"), user="U02BO", text="hello all")
    html = screen.shows("sidebar", channel="payments")
    assert 'aria-label="1 for you"' in html
    assert html.count("is-unread") == 2
    assert html.count('class="dot"') == 1
    place = place_of(screen.workspace, {"as": "ana", "channel": screen.room.id})
    assert screen.renderer.read(place)
    assert not screen.renderer.read(place)
    assert "for you" not in screen.shows("sidebar", channel="payments")


def test_private_channels_are_hidden_from_others_and_archived_ones_take_no_messages(screen: Screen) -> None:
    secret = rooms.create(screen.workspace, "secret", user="U02BO", is_private=True)
    assert "secret" not in screen.shows("sidebar")
    assert "sees no channel" in screen.shows(channel=secret.id)
    assert "private" in screen.shows("sidebar", **{"as": "bo"})
    screen.room.archived = True
    html = screen.shows()
    assert "This channel is archived" in html
    assert "<textarea" not in html


def test_a_channel_can_be_read_from_outside_and_joined(screen: Screen) -> None:
    screen.room.members.remove("U01ANA")
    html = screen.shows()
    assert "data-join" in html
    assert "<textarea" not in html


@pytest.mark.parametrize(
    "query",
    [
        {"as": "nobody"},
        {"as": "U0BOT"},
        {"channel": "no-such-channel"},
        {"thread": "1.2"},
        {"shown": "-1"},
        {"shown": "9" * 400},
        {"shown": "¹²³"},
        {"at": HOSTILE, "thread": HOSTILE},
        {"app": "home"},
        {"app": "messages"},
    ],
)
def test_an_address_that_makes_no_sense_still_leads_somewhere(screen: Screen, query: dict[str, str]) -> None:
    html = screen.renderer.page(place_of(screen.workspace, query))
    assert "Acting as" in html


def test_the_commands_of_the_manifest_are_offered_with_their_usage(screen: Screen) -> None:
    commands = [{"command": "/incident", "description": "Declare", "usage_hint": "[P0-P4] <title>"}]
    screen.workspace.app.manifest = {"features": {"slash_commands": commands}}
    html = screen.shows()
    assert 'data-insert="/incident"' in html
    assert "[P0-P4] &lt;title&gt;" in html
    assert "Firebreak listens to these commands" in html


def test_a_newcomer_is_offered_what_to_type_first_until_the_app_has_posted(screen: Screen) -> None:
    workspace = screen.workspace
    workspace.app.first = "/incident P0 checkout returns 500"
    offered = f'data-insert="{workspace.app.first}"'
    assert offered in screen.shows()
    acts.post(workspace, workspace.channel("incidents"), user=workspace.app.bot_user, text="P0")
    assert offered not in screen.shows()


def test_the_home_tab_is_the_persons_own(screen: Screen) -> None:
    stacks.publish(
        screen.workspace,
        "U01ANA",
        {"type": "home", "blocks": [{"type": "section", "text": mrkdwn("*Open*: none")}]},
    )
    assert "<strong>Open</strong>: none" in screen.shows(app="home")
    assert "Nothing here yet" in screen.shows(app="home", **{"as": "bo"})


def test_the_inspector_groups_calls_below_the_delivery_that_they_followed(screen: Screen) -> None:
    workspace = screen.workspace
    workspace.record("out", "auth.test", "ok", 1.0, {})
    workspace.clock._now += 1  # type: ignore[attr-defined]
    workspace.record("in", "/incident", "ok", 14.0, {})
    workspace.clock._now += 1  # type: ignore[attr-defined]
    workspace.record("out", "chat.postMessage", "channel_not_found", 0.2, {})
    html = screen.shows("inspector")
    assert html.count("log-group-") == 2
    assert html.index("/incident") < html.index("chat.postMessage") < html.index("On its own")
    assert "channel_not_found" in html
    assert "&lt; 1 ms" in html


def test_a_direct_message_is_named_after_the_other_one(screen: Screen) -> None:
    chat: Channel = screen.workspace.add_channel(
        "", creator="U01ANA", members=["U01ANA", "U02BO"], is_im=True
    )
    assert "This is between you and Bo Lindqvist." in screen.shows(channel=chat.id)
    assert "sees no channel" in screen.shows(channel=chat.id, **{"as": "chi"})


def test_the_canvas_of_a_channel_can_be_read(screen: Screen) -> None:
    assert "canvas-menu" not in str(screen.shows())
    screen.workspace.canvases["F7"] = {
        "id": "F7",
        "channel": screen.room.id,
        "title": f"Postmortem {HOSTILE}",
        "markdown": f"# What happened\n\n| a | b |\n|---|---|\n| 1 | {HOSTILE} |\n",
        "sections": [],
    }
    screen.room.canvas = "F7"
    drawn = Drawn(screen.shows())
    assert {"h1", "table"} <= set(drawn.tags)
    assert "script" not in drawn.tags
