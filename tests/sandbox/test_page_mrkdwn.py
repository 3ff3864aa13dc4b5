"""mrkdwn, Markdown and rich text as HTML: what is formatted, what is not, and that nothing slips through."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.clock import VirtualClock
from bot.sandbox.page.markdown import markdown
from bot.sandbox.page.mrkdwn import mrkdwn, plain
from bot.sandbox.page.reader import Reader
from bot.sandbox.page.richtext import rich_text
from bot.sandbox.workspace import Workspace
from tests.sandbox.page_html import Drawn

WORKSPACE = Workspace(clock=VirtualClock())  # 2026-01-01T00:00:00Z, which in Berlin is 01:00
WORKSPACE.base_url = "http://127.0.0.1:8080"
SECRET = WORKSPACE.add_channel("secret-plan", creator="U03CHI", members=["U03CHI"], is_private=True)
READER = Reader(WORKSPACE, WORKSPACE.person("ana"), WORKSPACE.clock.now())
LINK = 'target="_blank" rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold*", "<strong>bold</strong>"),
        ("_it_ and ~gone~", "<em>it</em> and <s>gone</s>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("* not bold * and *open", "* not bold * and *open"),
        ("*a _b* c_", "<strong>a _b</strong> c_"),
        ("`a *b* <https://x.y|z>`", "<code>a *b* z</code>"),
        ("```\nline *1*\n\n  line 2\n```", "<pre><code>line *1*\n\n  line 2</code></pre>"),
        ("before ```x``` after", "before <pre><code>x</code></pre> after"),
        ("``` never closed", "``` never closed"),
        ("> said\n> *so*\nthen", "<blockquote>said<br><strong>so</strong></blockquote>then"),
        ("&gt; escaped", "<blockquote>escaped</blockquote>"),
        (">>> all\nof it", "<blockquote>all<br>of it</blockquote>"),
        ("a\n\nb", "a<br><br>b"),
        ("1 &lt; 2 &amp;amp; 3", "1 &lt; 2 &amp;amp; 3"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("<https://x.y/?a=1&amp;b=2|the graph>", f'<a href="https://x.y/?a=1&amp;b=2" {LINK}>the graph</a>'),
        ("<mailto:a@b.c|mail>", f'<a href="mailto:a@b.c" {LINK}>mail</a>'),
        ("(https://x.y/z).", f'(<a href="https://x.y/z" {LINK}>https://x.y/z</a>).'),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        ("<data:text/html,x|click>", "&lt;data:text/html,x|click&gt;"),
        ("<@U02BO>", '<span class="mention mention-user">@Bo Lindqvist</span>'),
        ("<@U01ANA>", '<span class="mention mention-user is-me">@Ana Ruiz</span>'),
        ("<@U99|zed>", '<span class="mention mention-user">@zed</span>'),
        ("<!subteam^S01PAYMENTS>", '<span class="mention mention-group">@payments-oncall</span>'),
        ("<!here> now", '<span class="mention mention-broadcast">@here</span> now'),
        (
            "<!date^1767225600^{date_num} {time}|then>",
            '<time datetime="2026-01-01T01:00:00+01:00">2026-01-01 01:00</time>',
        ),
        ("<!date^1767225600^{date_pretty}|then>", '<time datetime="2026-01-01T01:00:00+01:00">today</time>'),
        ("<!date^1767225600^{century}|then>", "then"),
        ("<!date^99999999999999999^{date}|then>", "then"),
        (":no_such_emoji: :)", ":no_such_emoji: :)"),
    ],
)
def test_mrkdwn_is_formatted_as_slack_formats_it(text: str, html: str) -> None:
    assert str(mrkdwn(text, READER)) == html


def test_emoji_have_a_name_for_those_who_do_not_see_them() -> None:
    assert 'role="img" aria-label="white check mark"' in mrkdwn("done :white_check_mark:", READER)


def test_a_list_hangs_below_its_marks() -> None:
    html = mrkdwn("Steps:\n• one\n    ◦ two", READER)
    assert html.count('class="li-mark"') == 2
    assert "li li-2" in html
    assert "<br>" not in html


def test_a_channel_is_a_link_for_those_who_may_see_it_and_unnamed_for_others() -> None:
    general = WORKSPACE.channel("general")
    assert f'href="/?as=ana&amp;channel={general.id}"' in mrkdwn(f"<#{general.id}>", READER)
    hidden = mrkdwn(f"<#{SECRET.id}|secret-plan>", READER)
    assert "secret-plan" not in hidden
    assert "<a" not in hidden


def test_a_permalink_leads_into_the_page() -> None:
    html = mrkdwn("<http://127.0.0.1:8080/archives/C00000001/p1767225600000001|there>", READER)
    assert 'href="/?as=ana&amp;channel=C00000001&amp;at=1767225600.000001" data-go' in html
    far = mrkdwn("<https://elsewhere.example/archives/C00000001/p1767225600000001|there>", READER)
    assert 'href="https://elsewhere.example' in far


def test_markdown_has_tables_tasks_and_mentions_and_no_html() -> None:
    html = markdown(
        "# Cause\n\n- [x] off <@U02BO>\n- [ ] fixed\n\n|a|b|\n|-|-:|\n|1|2|\n\n<b>x</b> ![p](https://x.y/p.png)",
        READER,
    )
    assert "<h1>Cause</h1>" in html
    assert "☑ off" in html
    assert "☐ fixed" in html
    assert "@Bo Lindqvist" in html
    assert '<td class="right">2</td>' in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<img" not in html
    assert "javascript" not in markdown("[x](JavaScript:alert(1))", READER).replace("(JavaScript:", "")


def test_rich_text_knows_lists_quotes_code_and_every_inline() -> None:
    def section(*parts: dict[str, Any]) -> dict[str, Any]:
        return {"type": "rich_text_section", "elements": list(parts)}

    text = {"type": "text", "text": "a\nb", "style": {"strike": True}}
    elements = [
        section(text, {"type": "user", "user_id": "U02BO"}, {"type": "emoji", "name": "fire"}),
        section(
            {"type": "link", "url": "https://x.y", "text": "graph"}, {"type": "broadcast", "range": "here"}
        ),
        section({"type": "color", "value": "#ff0000"}, {"type": "usergroup", "usergroup_id": "S01PAYMENTS"}),
        section({"type": "date", "timestamp": 1767225600, "format": "{date_num}", "fallback": "then"}),
        {"type": "rich_text_list", "style": "ordered", "offset": 2, "indent": 1, "elements": [section(text)]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "SELECT 1 < 2"}]},
        {"type": "rich_text_hologram"},
        section({"type": "hologram"}),
    ]
    html = rich_text({"type": "rich_text", "elements": elements}, READER)
    for expected in (
        "<s>a<br>b</s>",
        "@Bo Lindqvist",
        "🔥",
        'href="https://x.y"',
        "@here",
        'fill="#ff0000"',
        "@payments-oncall",
        "2026-01-01",
        '<ol class="rt-list rt-indent-1" start="3">',
        "<blockquote>said</blockquote>",
        "<pre><code>SELECT 1 &lt; 2</code></pre>",
        "Unsupported rich text: rich_text_hologram",
        "Unsupported: hologram",
    ):
        assert expected in html
    assert Drawn(html).complaints == []


PIECES = st.sampled_from(
    [
        *(
            "*",
            "_",
            "~",
            "`",
            "```",
            "<",
            ">",
            "&",
            "|",
            "\n",
            "> ",
            "&gt;",
            "&lt;",
            "&amp;",
            '"',
            "'",
            " ",
            "• ",
            "-",
        ),
        *(
            "<@U01ANA>",
            "<@U99|",
            "<#C00000001>",
            "<!date^1^{ago}|x>",
            "<!date^",
            "<!here>",
            "<!subteam^",
            ":fire:",
        ),
        *(
            "<https://x.y|",
            "https://",
            "javascript:",
            "<javascript:alert(1)>",
            "<script>",
            "</a>",
            "onclick=",
            "# ",
        ),
        *(
            "[a](",
            "![a](",
            "|a|b|\n|-|-|\n",
            "<mailto:x>",
            "^",
            "{",
            "http://127.0.0.1:8080/archives/C1/p",
            "\x00",
            "é",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=80), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join)
)


@given(TEXTS)
def test_no_text_ever_breaks_out_of_its_html(text: str) -> None:
    for html in (mrkdwn(text, READER), plain(text), markdown(text, READER)):
        assert Drawn(html).complaints == []


@given(
    st.text(
        alphabet=st.characters(exclude_characters="*_~`<>&:|-•◦▪‣·0123456789\n\r/", exclude_categories=["Cs"])
    )
)
def test_text_without_markup_is_read_as_it_was_written(text: str) -> None:
    assert Drawn(mrkdwn(text, READER)).text == text


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = [
    "text",
    "link",
    "user",
    "channel",
    "usergroup",
    "broadcast",
    "emoji",
    "date",
    "color",
    "team",
    "tag",
    "?",
]
KEYS = [
    "text",
    "url",
    "user_id",
    "channel_id",
    "usergroup_id",
    "range",
    "name",
    "timestamp",
    "format",
    "style",
]
INLINES = st.fixed_dictionaries({"type": st.sampled_from(KINDS)}, optional=dict.fromkeys(KEYS, JSON))
PARTS = ["rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "?"]
ELEMENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(PARTS), "elements": st.one_of(JSON, st.lists(INLINES, max_size=4))},
    optional=dict.fromkeys(("style", "indent", "offset", "border"), JSON),
)


@given(st.fixed_dictionaries({"elements": st.one_of(JSON, st.lists(ELEMENTS, max_size=3))}))
def test_no_rich_text_however_malformed_raises_or_breaks_out(block: dict[str, Any]) -> None:
    assert Drawn(rich_text(block, READER)).complaints == []


@pytest.mark.parametrize(
    "piece", ["*a ", "*_~", "<", "`", "*", ":a", "<a|", ">", "> \n", "&gt;", "```", "<!date^"]
)
def test_a_text_of_forty_thousand_letters_is_drawn_in_no_time(piece: str) -> None:
    text = (piece * 40_000)[:40_000]
    started = time.thread_time()  # ours alone: other programs may be busy
    mrkdwn(text, READER)
    assert time.thread_time() - started < 5  # a few hundredths; a quadratic pattern would take minutes
