"""The card, the announcement and the topic say what is so, and offer the one next thing."""

from __future__ import annotations

from bot.domain.events import (
    ChannelOpened,
    FlagContained,
    IncidentClosed,
    IncidentDeclared,
    PhaseEntered,
    RoleTaken,
    SeverityChanged,
    StepDone,
    StepSkipped,
)
from bot.domain.evolving import replay
from bot.domain.vocabulary import FIREBREAK, Kind, Phase, Role, Severity
from bot.slack.cards import TOPIC_MAX, announcement, incident_card, list_line, summary_message, topic
from tests.slack.made import ANA, BO, FACE, after, check, elements, incident, labels, primaries, read

LEADS = RoleTaken(at=after(1), by=BO, role=Role.COMMANDER, person=BO)
SCOPED = StepDone(at=after(3), by=ANA, step="scope", text="Note which payments fail")
CONTAINED = StepDone(at=after(5), by=ANA, step="contain", text="Hold the new gateway")
SKIPPED = StepSkipped(at=after(6), by=ANA, step="tell", text="Tell support", reason="they told us")
REPAIRING = PhaseEntered(at=after(34), by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE)
PREVENTING = PhaseEntered(at=after(100), by=BO, phase=Phase.PREVENT, left=Phase.REPAIR)
CLOSED = IncidentClosed(at=after(200), by=BO)
HELD = FlagContained(at=after(4), by=BO, flag="new-gateway", reason="errors began", safe="off", before="on")
EVERYTHING = (LEADS, SCOPED, CONTAINED, REPAIRING, PREVENTING, CLOSED)


def test_the_card_begins_with_the_severity_and_the_title() -> None:
    header = check(incident_card(incident(), FACE, after(34))).blocks[0]
    assert header["text"]["text"] == "P0 · checkout returns 500"


def test_the_card_says_what_the_severity_means_how_far_it_is_and_since_when() -> None:
    said = read(incident_card(incident(SCOPED, SKIPPED), FACE, after(34)))
    assert "total blockage of the product" in said
    assert "*Phase:* stabilize, 1 of 3 done, 1 skipped" in said
    assert "34 min ago" in said
    assert f"by <@{ANA}> as INC-7" in said


def test_while_nobody_leads_the_card_says_so_and_offers_the_lead() -> None:
    card = incident_card(incident(), FACE, after(1))
    assert "*Lead: nobody yet.* Press *Take the lead*" in read(card)
    assert primaries([card]) == ["Take the lead"]


def test_once_somebody_leads_the_card_names_them_and_nothing_stands_out_but_the_checklist() -> None:
    card = incident_card(incident(LEADS), FACE, after(2))
    assert f"*Lead:* <@{BO}>" in read(card)
    assert primaries([card]) == []


def test_the_next_phase_stands_out_when_nothing_required_is_open() -> None:
    card = incident_card(incident(LEADS, SCOPED, CONTAINED), FACE, after(6))
    assert primaries([card]) == ["Next phase: repair"]


def test_the_last_phase_is_left_by_closing() -> None:
    card = incident_card(incident(LEADS, REPAIRING, PREVENTING), FACE, after(101))
    assert "Close incident" in labels(card)


def test_the_menu_shows_the_severity_that_is_so_and_what_each_one_means() -> None:
    card = incident_card(incident(severity=Severity.P2), FACE, after(1))
    menu = elements(card, "static_select")[0]
    assert menu["initial_option"]["text"]["text"] == "P2"
    assert [option["text"]["text"] for option in menu["options"]] == ["P0", "P1", "P2", "P3", "P4"]
    assert menu["options"][4]["description"]["text"] == "cosmetic"


def test_the_card_shows_each_flag_that_is_held_with_its_reason() -> None:
    said = read(check(incident_card(incident(HELD), FACE, after(5))))
    assert f"`new-gateway` at `off`, by <@{BO}>" in said
    assert "errors began" in said


def test_of_many_held_flags_the_card_shows_some_and_where_the_others_are() -> None:
    many = [HELD.model_copy(update={"flag": f"flag-{number}"}) for number in range(30)]
    said = read(check(incident_card(incident(*many), FACE, after(5))))
    assert "and 22 more: `/flag show`" in said


def test_the_card_of_a_closed_incident_has_times_and_no_buttons() -> None:
    card = check(incident_card(incident(*EVERYTHING), FACE, after(300)))
    assert labels(card) == []
    assert elements(card, "static_select") == []
    said = read(card)
    assert "*Closed.*" in said
    assert "declared → stabilized: 34 min" in said
    assert "declared → repaired: 1 h 40 min" in said
    assert "declared → closed: 3 h 20 min" in said


def test_what_people_typed_cannot_ping_from_a_card() -> None:
    made = incident(
        HELD.model_copy(update={"reason": "<!here>", "flag": "<!everyone>"}), title="<!channel> & <b>"
    )
    for drawing in (incident_card(made, FACE, after(1)), announcement(made, FACE, after(1))):
        sections = [block for block in check(drawing).blocks if block["type"] != "header"]
        assert "<!c" not in str(sections)
        assert "<!h" not in str(sections)
        assert "<!e" not in str(sections)
        assert "<!" not in drawing.text


def test_the_announcement_is_two_lines_with_the_way_to_the_channel() -> None:
    drawn = check(announcement(incident(LEADS), FACE, after(34)))
    assert [block["type"] for block in drawn.blocks] == ["section", "context"]
    said = read(drawn)
    assert "*P0* <#C07> *checkout returns 500*" in said
    assert f"stabilize · <@{BO}> leads · declared" in said


def test_a_drill_is_announced_as_one_before_anything_else() -> None:
    begun = IncidentDeclared(
        at=after(0), by=ANA, number=7, title="game day", severity=Severity.P1, kind=Kind.DRILL
    )
    made = replay(7, [begun, ChannelOpened(at=after(0), by=FIREBREAK, channel="C07", name="inc-7")])
    drawn = check(announcement(made, FACE, after(34)))
    assert read(drawn).startswith("⚠️ *drill* · *P1* <#C07> *game day*")
    assert drawn.text.startswith("drill · INC-7 P1")


def test_before_the_channel_exists_the_announcement_names_the_incident() -> None:
    assert "*P0* INC-7 *checkout returns 500*" in read(announcement(incident(channel=None), FACE, after(0)))


def test_the_announcement_of_a_closed_incident_says_so_with_its_times() -> None:
    said = read(check(announcement(incident(*EVERYTHING), FACE, after(300))))
    assert said.startswith("*Closed:* P0 <#C07> checkout returns 500")
    assert "declared → stabilized: 34 min · declared → repaired: 1 h 40 min" in said


def test_the_topic_is_plain_text_that_fits() -> None:
    assert topic(incident(), FACE) == "P0 · stabilize · checkout returns 500"
    assert len(topic(incident(title="🔥 <x> " * 30), FACE)) <= TOPIC_MAX
    assert topic(incident(*EVERYTHING), FACE).startswith("P0 · closed · ")


def test_the_card_follows_a_change_of_severity() -> None:
    changed = SeverityChanged(at=after(2), by=BO, severity=Severity.P3, previous=Severity.P0)
    assert "P3 · checkout" in read(incident_card(incident(changed), FACE, after(3)))


def test_the_list_tells_an_incident_in_a_line() -> None:
    said = list_line(incident(LEADS), FACE, after(34))
    assert said.startswith(
        f"*P0* INC-7 <#C07> checkout returns 500 · stabilize · <@{BO}> leads · declared <!date^"
    )
    assert said.endswith("|34 min ago>")


def test_the_summary_shows_plain_lines_and_a_headline() -> None:
    drawn = check(summary_message(["Yesterday & today", "P0 <!channel> checkout"]))
    assert read(drawn) == "*Yesterday &amp; today*\nP0 &lt;!channel&gt; checkout"


def test_a_summary_of_nothing_or_of_very_much_still_fits() -> None:
    check(summary_message([]))
    assert len(check(summary_message(["<" * 4000] * 200)).blocks) <= 50
