"""Reminders that people read and press: put off, done, opened again."""

from __future__ import annotations

from bot.services.reminders import Reminders
from tests.handlers.conftest import House


async def remind(house: House) -> None:
    await Reminders(house.storage, now=house.clock, stored=house.delivery.wake).send_due()
    await house.delivery.idle()


async def test_a_reminder_of_an_update_is_put_off_and_comes_again(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    house.clock.advance(31)
    await remind(house)
    assert "Reminder for @Ana Ruiz: those who wait should hear from us." in house.read(channel)
    await ana.clicks("Remind in 15 min", channel=channel)
    await ana.sees("You are reminded at", channel=channel)
    house.clock.advance(16)
    await remind(house)
    assert house.read(channel).count("those who wait should hear from us") == 2
    await ana.types("/incident update half of it works", channel)
    house.clock.advance(20)
    await remind(house)
    assert house.read(channel).count("those who wait should hear from us") == 2


async def test_a_reminder_is_put_off_no_more_once_the_incident_is_over(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    house.clock.advance(31)
    await remind(house)
    await ana.types("/incident cancel a test order", channel)
    reply = await ana.clicks("Remind in 15 min", channel=channel)
    assert reply.error is None
    await ana.sees("INC-1 is closed", channel=channel)


async def test_an_action_item_reminds_its_owner_alone_who_presses_done_and_ana_opens_it_again(
    house: House,
) -> None:
    channel, ana, bo = await house.declared("search is slow", "P3"), house.person("ana"), house.person("bo")
    due = house.clock().date().replace(day=1, month=1, year=house.clock().year + 1)
    await ana.types(f"/incident action @bo {due.isoformat()} alert on slow queries", channel)
    house.clock.advance((due - house.clock().date()).days * 24 * 60 - 60 * 12)
    await remind(house)
    chat = await bo.opens_app_chat()
    assert "alert on slow queries" in (await bo.sees("due tomorrow", channel=chat)).text
    await bo.clicks("Done", channel=chat)
    assert (await house.state()).action_items[0].done_by == bo.id
    listed = await ana.types("/incident actions", channel)
    assert "(done)" in listed.text
    await ana.clicks("Open again", channel=channel)
    assert (await house.state()).action_items[0].done_at is None
