"""What most stories have in common: an incident is declared, its steps are ticked, its phases are left."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.incident import Incident
from bot.domain.runbook import Runbook, Step
from bot.domain.vocabulary import Phase
from bot.sandbox.people import Actor, Reply
from bot.sandbox.workspace import Channel
from bot.stories.stage import Stage

STABILIZED = {"payment": "twenty test orders went through, none was charged twice"}
REPAIRED = {
    "What kind of cause was it?": "missing idempotency",
    "The root cause": "the gateway retries without an idempotency key",
    "The fix": "release 3.14 sends a key with each payment",
    "The regression test that will catch it": "test_a_retried_payment_is_charged_once",
}
PREVENTED = {
    "The alert that will tell us first": "double charges above zero for five minutes",
    "Who owns the alert?": "bo",
    "The runbook that was written or updated": "payment-failures, its third step",
    "What does “working” mean, and how is it measured?": "99.9 % of payments end within 10 s",
    "Who knows about it now?": "shown to support and to the checkout team",
    "Action item": "alert on retries without a key",
    "Its owner": "ana",
    "Due on": "2030-01-15",
}
Answers = Mapping[Phase, dict[str, str]]
PAYMENTS: Answers = {Phase.STABILIZE: STABILIZED, Phase.REPAIR: REPAIRED, Phase.PREVENT: PREVENTED}
LEAVING = {
    Phase.STABILIZE: "Next phase: repair",
    Phase.REPAIR: "Next phase: prevent",
    Phase.PREVENT: "Close incident",
}


async def types(stage: Stage, person: Actor, text: str, channel: Channel | str) -> Reply:
    """A command, with what Slack answers."""
    name = stage.slack.channel(channel).name if isinstance(channel, str) else channel.name
    stage.act(person, f"types in #{name}: {text}")
    reply = await person.types(text, channel)
    stage.shows(reply)
    return reply


async def declared(stage: Stage, person: Actor, command: str, number: int = 1) -> Channel:
    """An incident is declared in #payments; answers its channel, once the card and the checklist stand there."""
    await types(stage, person, command, "payments")
    channel = await stage.slack.until(lambda: stage.slack.channel(f"inc-{number}-…"))
    await stage.slack.until(lambda: person.id in channel.members and len(channel.pins) == 2)
    stage.shows(await person.sees("Lead:", channel))
    return channel


async def leads(stage: Stage, person: Actor, channel: Channel) -> None:
    """Somebody takes the lead with the button."""
    if person.id not in channel.members:
        stage.act(person, f"joins #{channel.name} and presses Take the lead")
        await person.joins(channel)
    else:
        stage.act(person, "presses Take the lead")
    await person.clicks("Take the lead", channel=channel)
    stage.shows(await person.sees("leads", channel))


async def ticks(stage: Stage, person: Actor, steps: list[Step], channel: Channel) -> None:
    """Press *Done* on each."""
    for step in steps:
        stage.act(person, f"presses Done on “{step.text}”")
        await person.clicks("Done", near=step.text, channel=channel)


async def leaves(stage: Stage, person: Actor, channel: Channel, button: str, proof: dict[str, str]) -> None:
    """Press the button and say in the form how we know; what was answered before a reopening stands there still."""
    stage.act(person, f"presses {button}, and answers")
    await person.clicks(button, channel=channel)
    form = await person.sees_modal()
    open_questions = {
        ask: answer for ask, answer in proof.items() if ask in form.labels and not form.values[ask]
    }
    for question, answer in open_questions.items():
        stage.shows(f"{question}: {answer}")
    await person.fills(open_questions)
    refused = await person.submits()
    stage.check(not refused.errors and refused.error is None, "the form is taken", refused)


async def passes(
    stage: Stage,
    person: Actor,
    channel: Channel,
    phase: Phase,
    number: int = 1,
    answers: Answers = PAYMENTS,
) -> None:
    """Tick what is required in this phase, and leave it with proof."""
    incident = await found(stage, number)
    await ticks(stage, person, [item.step for item in incident.blocking() if item.phase is phase], channel)
    await leaves(stage, person, channel, LEAVING[phase], answers[phase])


async def closes(
    stage: Stage, person: Actor, channel: Channel, number: int = 1, answers: Answers = PAYMENTS
) -> None:
    """Everything that is left, to the end."""
    for phase in LEAVING:
        if (await found(stage, number)).phase is phase:
            await passes(stage, person, channel, phase, number, answers)
            await stage.all_told()


async def found(stage: Stage, number: int = 1) -> Incident:
    """The incident as the database has it."""
    incident = await stage.database.incidents.find(number)
    if incident is None:
        raise AssertionError(f"there is no INC-{number}")
    return incident


async def kinds(stage: Stage, number: int = 1) -> list[str]:
    """What happened, in order, by the names of the events."""
    return [event.type for event in await stage.timeline(number)]


def runbook(stage: Stage, id_: str) -> Runbook:
    """One of those that the bot has."""
    return next(each for each in stage.runbooks if each.id == id_)


def read(stage: Stage, channel: Channel | str, person: Actor) -> str:
    """Everything that somebody can read in a channel."""
    name = channel if isinstance(channel, str) else channel.id
    return "\n".join(
        stage.slack.text_of(message) for message in stage.slack.shown(name, person.person.handle)
    )
