"""What is held is kept, handed over, lost and held again; and a confirmation counts for what was seen."""

from __future__ import annotations

from bot.domain.events import ContainmentEnded, ContainmentExtended, FlagContained, FlagRestored
from bot.services.reminders import Reminders
from bot.storage import flag_overrides
from bot.storage.flags import Flag
from tests.handlers.conftest import House
from tests.handlers.test_flags import PRESS, defined, kills, served


async def lets_go_by_hand(house: House, actor: str = "dee") -> None:
    """As somebody would who works on the database, past the bot."""
    team = house.slack.workspace.team_id
    await house.storage.write(
        lambda transaction: flag_overrides.let_go(
            transaction,
            team,
            env="production",
            key="new-gateway",
            actor=actor,
            now=house.clock(),
            incident=None,
        )
    )
    assert await house.desk.containment.look_after() == 1


async def test_keep_puts_the_review_off(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await kills(house, ana, channel)
    house.clock.advance(60)
    await ana.clicks("Keep 4 h", near="errors began", channel=channel)
    await house.delivery.idle()
    held, kept = await house.happened()
    assert isinstance(held, FlagContained)
    assert isinstance(kept, ContainmentExtended)
    assert held.review_at is not None
    assert 59 * 60 < (kept.review_at - held.review_at).total_seconds() < 61 * 60
    assert "@Ana Ruiz keeps the flag new-gateway held" in house.read(channel)


async def test_when_its_time_is_over_somebody_is_asked_and_it_stays_held(house: House) -> None:
    channel = await house.declared(severity="P2")
    await kills(house, house.person("ana"), channel)
    house.clock.advance(4 * 60 + 1)
    assert await Reminders(house.storage, now=house.clock).send_due() == 1
    house.delivery.wake()
    await house.delivery.idle()
    said = house.read(channel)
    assert "Look again: new-gateway stays held until somebody decides." in said
    assert "Asked: @Ana Ruiz" in said
    assert await served(house) == "off"
    bo = house.person("bo")
    await bo.joins(channel)
    await bo.clicks("Undo", near="Asked:", channel=channel)
    await bo.confirms()
    assert await served(house) == "on"


async def test_a_flag_that_came_back_behind_our_back_pages_the_channel_and_is_held_again(
    house: House,
) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await kills(house, ana, channel)
    await lets_go_by_hand(house)
    await house.delivery.idle()
    page = await ana.sees("new-gateway is not held any more", channel)
    assert "it serves on, changed by dee" in house.slack.text_of(page)
    assert "<!channel>" in str(page.blocks)
    await ana.clicks("Contain again", channel=channel)
    assert await served(house) == "off"
    assert (await house.happened())[-1].type == "flag_contained"
    assert len((await house.state()).containments) == 1


async def test_somebody_of_ours_who_let_go_of_a_flag_is_named(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await kills(house, ana, channel)
    await lets_go_by_hand(house, house.person("bo").id)
    await house.delivery.idle()
    await ana.sees("it serves on, changed by @Bo Lindqvist", channel)
    told = (await ana.types("/incident timeline", channel)).text
    assert "it serves on, changed by @Bo Lindqvist" in told


async def test_what_came_back_can_be_accepted_and_is_watched_no_more(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await kills(house, ana, channel)
    await lets_go_by_hand(house)
    await house.delivery.idle()
    await ana.clicks("Accept", channel=channel)
    assert isinstance((await house.happened())[-1], ContainmentEnded)
    assert (await house.state()).containments == ()
    assert await served(house) == "on"


async def test_a_confirmation_that_is_older_than_two_minutes_is_shown_anew(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    house.clock.advance(3)
    await ana.clicks(PRESS, channel=channel)
    await ana.sees("That was more than two minutes ago, so nothing was switched yet.", channel)
    assert await house.kinds() == []
    await ana.clicks(PRESS, channel=channel)
    assert await served(house) == "off"


async def test_a_flag_that_changed_since_it_was_shown_is_shown_anew(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    await defined(house, Flag("new-gateway", "Card payments, both gateways", "on", "off", None))
    await ana.clicks(PRESS, channel=channel)
    await ana.sees("Somebody changed it meanwhile, so nothing was switched yet.", channel)
    await ana.sees("Card payments, both gateways", channel)
    assert await house.kinds() == []


async def test_four_who_confirm_at_once_hold_it_once_and_the_others_are_told(house: House) -> None:
    channel = await house.declared()
    ana, bo = house.person("ana"), house.person("bo")
    await bo.joins(channel)
    await bo.clicks("Take the lead", channel=channel)
    for person in (ana, bo):
        await person.types(f"/flag kill new-gateway errors, says {person.id}", channel)
    for person in (ana, bo):
        await person.clicks(PRESS, channel=channel)
    await bo.sees("new-gateway is held by INC-1 already", channel)
    assert (await house.kinds()).count("flag_contained") == 1


async def test_the_lead_undoes_alone_with_a_reason_that_everybody_reads(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.clicks("Take the lead", channel=channel)
    await kills(house, ana, channel)
    await ana.types("/flag override undo new-gateway nobody else is awake", channel)
    await house.delivery.idle()
    event = (await house.happened())[-1]
    assert isinstance(event, FlagRestored)
    assert event.alone == "nobody else is awake"
    assert "Without a second person, because: nobody else is awake" in house.read(channel)


async def test_an_incident_does_not_end_over_a_flag_until_somebody_answers_for_it(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await kills(house, ana, channel)
    refused = await ana.types("/incident cancel it was a test order", channel)
    assert "INC-1 still holds new-gateway, so it was not closed." in refused.text
    kept = await ana.types("/flag keep new-gateway @bo 7d", channel)
    assert "new-gateway stays held." in kept.text
    await ana.types("/incident cancel it was a test order after all", channel)
    assert (await house.state()).is_closed
    assert await served(house) == "off"
    assert (await house.state()).containments[0].owner == house.person("bo").id
