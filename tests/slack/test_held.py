"""The form about held flags: within Slack's limits however many and however strange they are."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.incident import Containment
from bot.sandbox.limits import check_blocks
from bot.slack.held import SHOWN_MOST, Asked, held_blank, held_form
from bot.slack.ids import HeldAim, HeldPlace, unpack
from tests.slack.made import ANA, FACE, after, incident
from tests.slack.test_gates import inputs


def held(flag: str, **more: object) -> Containment:
    return Containment.model_validate(
        {"flag": flag, "safe": "off", "before": "on", "by": ANA, "at": after(1), "reason": "errors"} | more
    )


def test_as_many_as_fit_are_asked_about_and_their_names_travel() -> None:
    many = [
        held(f"{number:02}{'k' * 198}", environment="e" * 40, reason="<&>" * 160, before="&" * 200)
        for number in range(SHOWN_MOST + 3)
    ]
    form = held_form(FACE, incident(), many, after(90))
    check_blocks(form["blocks"], "modal")
    assert len(form["private_metadata"]) <= 3000
    aim = unpack(HeldAim, form["private_metadata"])
    assert [each.flag for each in aim.held] == [each.flag for each in many[:SHOWN_MOST]]
    assert len(inputs(form)) == 3 * SHOWN_MOST
    assert "holds 11 flags" in str(form)


def test_what_was_typed_for_one_flag_never_becomes_another_s() -> None:
    """Slack keeps what stands in a block of the same id when a form is drawn again with fewer flags."""
    first, second = held("gateway"), held("gateway", environment="staging")
    both, one = (
        inputs(held_form(FACE, incident(), shown, after(9))) for shown in ([first, second], [second])
    )
    assert set(one) < set(both)
    assert held_blank(Asked.FATE, HeldPlace(flag="gateway", environment="staging")) in one


def test_a_day_within_the_week_and_whoever_held_it_are_filled_in() -> None:
    form = held_form(FACE, incident(), [held("gateway")], after(9), note="You held it.")
    fate, owner, day = inputs(form).values()
    assert owner["initial_user"] == ANA
    assert day["initial_date"] == (after(9) + timedelta(days=6)).date().isoformat()
    assert [option["value"] for option in fate["options"]] == ["restore", "keep", "permanent"]
    assert "You held it." in str(form)
    console = inputs(held_form(FACE, incident(), [held("gateway", by="ana (command line)")], after(9)))
    assert all("initial_user" not in element for element in console.values())


def test_what_is_not_held_any_more_can_only_be_left_so() -> None:
    form = held_form(FACE, incident(), [held("gateway", lost="on")], after(9))
    assert [option["value"] for option in next(iter(inputs(form).values()))["options"]] == ["permanent"]
    assert "It is not held any more: it serves `on`." in str(form)
