"""How a refusal of the rules is shown, in a message and in a form."""

from __future__ import annotations

from bot.domain.vocabulary import Refused, Severity
from bot.slack.face import REFUSAL_MAX
from tests.slack.made import FACE

REFUSED = Refused("`{flag}` is held. Type `/flag undo <flag>` or press *Undo*.", flag="<!channel> & co")


def test_a_refusal_shows_what_was_typed_as_plain_characters() -> None:
    assert FACE.refusal(REFUSED) == (
        "`&lt;!channel&gt; &amp; co` is held. Type `/flag undo &lt;flag&gt;` or press *Undo*."
    )


def test_a_refusal_in_a_form_is_plain_text() -> None:
    assert FACE.plain_refusal(REFUSED) == "<!channel> & co is held. Type /flag undo <flag> or press Undo."


def test_a_refusal_that_repeats_a_novel_is_cut() -> None:
    shown = FACE.refusal(Refused("No: {text}", text="x" * 10_000))
    assert len(shown) <= REFUSAL_MAX
    assert shown.endswith("…")


def test_a_severity_without_a_meaning_is_shown_without_one() -> None:
    assert FACE.meaning(Severity.P0) == "total blockage of the product or of a key business flow"
    nameless = type(FACE)(t=FACE.t, meanings={}, zone=FACE.zone, announcements="incidents")
    assert nameless.meaning(Severity.P0) == ""
