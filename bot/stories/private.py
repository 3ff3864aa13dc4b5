"""A private security incident: an outsider sees nothing of it, and whoever is brought in sees all."""

from __future__ import annotations

from bot.domain.privacy import may_see
from bot.domain.vocabulary import Phase
from bot.sandbox.people import Actor
from bot.stories.scenes import closes, declared, found, leads, read, types
from bot.stories.stage import Stage

SECRET = "signing keys"
LEAKED = {
    Phase.STABILIZE: {
        "payment": "no unknown key has signed since 03:40; twenty orders went through with new ones"
    },
    Phase.REPAIR: {
        "What kind of cause was it?": "bad deploy or migration",
        "The root cause": "release 3.13 copied the keys into an image that anybody can pull",
        "The fix": "the image is withdrawn, the keys are new and come from the secret store",
        "The regression test that will catch it": "test_no_image_contains_a_key",
    },
    Phase.PREVENT: {
        "The alert that will tell us first": "a request that is signed with a withdrawn key",
        "Who owns the alert?": "chi",
        "The runbook that was written or updated": "keys: withdraw first, ask later",
        "What does “working” mean, and how is it measured?": "new keys within 30 min of a leak, tried each quarter",
        "Who knows about it now?": "shown to whoever is on call",
        "Action item": "replace the keys of staging too",
        "Its owner": "eli",
        "Due on": "2030-01-15",
    },
}


async def private(stage: Stage) -> None:
    """Chi finds that keys have leaked; Bo looks around and finds nothing; Eli is brought in; they close it."""
    chi, bo, eli = (stage.slack.person(name) for name in ("chi", "bo", "eli"))
    channel = await declared(stage, chi, f"/incident private P1 our {SECRET} have leaked")
    stage.check(channel.is_private, "the channel is private")
    stage.check(
        chi.id in channel.members and len(channel.members) == 2, "Chi and the bot are in it, nobody else"
    )
    await leads(stage, chi, channel)
    await types(stage, chi, "/incident update the keys are withdrawn; new ones are being made", channel)
    await _finds_nothing(stage, bo)

    stage.act(chi, f"invites Eli into #{channel.name}")
    await chi.invites("eli", channel)
    await stage.slack.settled()
    listed = await types(stage, eli, "/incident list", "general")
    stage.check(SECRET in listed.text, "Eli sees it in the list", listed.text)
    caught_up = await types(stage, eli, "/incident catchup", channel)
    stage.check("withdrawn" in caught_up.text, "and reads where it stands", caught_up.text)
    await closes(stage, chi, channel, answers=LEAKED)
    await stage.all_told()

    incident = await found(stage)
    stage.check(incident.is_closed, "it was led to its end", incident.phase)
    stage.check(
        may_see(incident, eli.id) and not may_see(incident, bo.id), "the database knows who may see it"
    )
    announced = read(stage, "incidents", bo)
    stage.check("INC-1" not in announced, "nothing was announced", announced)
    figures = await types(stage, bo, "/mttr", "payments")
    stage.check("1 incident" in figures.text, "it is counted like any other", figures.text)
    stage.check(SECRET not in figures.text, "and not named", figures.text)


async def _finds_nothing(stage: Stage, person: Actor) -> None:
    """Whoever is not in its channel: the list, the Home tab, and every message they can read."""
    listed = await types(stage, person, "/incident list", "general")
    stage.check("No incident is open" in listed.text, "the list is empty for others", listed.text)
    stage.act(person, "opens the Home tab")
    await person.opens_home()
    home = await person.sees_home("Nothing is open")
    stage.check(SECRET not in home, "and so is the Home tab", home)
    seen = "\n".join(read(stage, place, person) for place in ("general", "incidents", "payments"))
    stage.check(SECRET not in seen, "no channel says anything", seen)
