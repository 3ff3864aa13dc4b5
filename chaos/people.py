"""People who use the bot while it is being killed: they ask again until they are answered, as people do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.runbook import Runbook, Step
from bot.domain.vocabulary import Phase, Severity
from bot.sandbox import elements, stacks
from bot.sandbox.elements import Spot
from bot.sandbox.interactions import Outcome, blocks_of
from bot.sandbox.people import Actor, NotShownError, Reply
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import Channel
from bot.slack.ids import Action, FlagAim, IncidentAim, PhaseAim, SeverityAim, StepAim, pack
from chaos.ledger import Asked, Ledger
from chaos.rooms import Room, holds, pressable

AGAIN_AFTER = 0.1  # seconds before somebody asks again, at the most; people take longer, and see fewer kills
PATIENCE = 90.0  # seconds after which somebody gives up waiting for an answer, a button or a channel
FORM_SECONDS = 1.0  # that a form may take to open before the button is pressed again
NOT_STORED = "could not be stored"
NOT_HELD = "does not hold"
FORM_CLOSED = "did not open the form"
TROUBLE = "trouble connecting"  # Slack's own words under a form that the bot did not take

SOME_DAY = "2030-01-15"

Found = TypeVar("Found")


class Unanswered(Exception):
    """Somebody waited far too long for something that had to come, or was refused what may be asked."""


@dataclass
class Responder:
    """One person. They do one thing at a time, and go on with it until the bot has answered."""

    actor: Actor
    slack: Sandbox
    ledger: Ledger
    chance: random.Random
    patience: float = PATIENCE

    @property
    def id(self) -> str:
        return self.actor.id

    # what they do ----------------------------------------------------------------------------------------

    async def declares(self, title: str, severity: Severity, runbooks: list[Runbook]) -> Room:
        """`/incident P1 title`, and then they look for its channel."""
        await self._types(
            f"/incident {severity} {title}", self.slack.channel("general"), yes="is declared as"
        )
        self.ledger.accept(Asked("incident_declared", title))
        return await self._comes(title, severity, runbooks)

    async def declares_by_form(self, title: str, severity: Severity, runbooks: list[Runbook]) -> Room:
        """The same with the form."""
        general = self.slack.channel("general")
        await self._opens_form(
            lambda: self.slack.interactions.command(self.actor.person, general, "/incident")
        )
        await self._submits({"What is broken?": title, "How bad is it?": severity.value})
        self.ledger.accept(Asked("incident_declared", title))
        return await self._comes(title, severity, runbooks)

    async def _comes(self, title: str, severity: Severity, runbooks: list[Runbook]) -> Room:
        """Its channel, once they are in it: before that, the bot may not know yet that it is there."""
        end = "-" + title.split()[-1]

        def opened() -> Channel | None:
            mine = (c for c in self.slack.workspace.channels.values() if self.id in c.members)
            return next((c for c in mine if c.name.startswith("inc-") and c.name.endswith(end)), None)

        channel = await self._until(opened, f"the channel of {title!r}")
        return Room.opened(channel, title, severity, runbooks)

    async def notes(self, room: Room, text: str) -> None:
        await self._types(f"/incident note {text}", room.channel, yes="Noted in")
        self.ledger.accept(Asked("note_added", text, room.number))

    async def ticks(self, room: Room, step: Step) -> None:
        """*Done*, or *Undo* when it is done."""
        action = Action.STEP_UNDO if step.id in room.done else Action.STEP_DONE
        await self._presses(room, action, pack(StepAim(incident=room.number, step=step.id)))
        kind = "step_reopened" if action is Action.STEP_UNDO else "step_done"
        self.ledger.accept(Asked(kind, step.id, room.number))
        room.done ^= {step.id}

    async def skips(self, room: Room, step: Step, reason: str) -> None:
        """*Skip…* with a reason, in a form."""
        value = pack(StepAim(incident=room.number, step=step.id))
        press = await self._found(room, Action.STEP_SKIP, value)
        await self._opens_form(press)
        await self._submits({"Why can it wait?": reason})
        self.ledger.accept(Asked("step_skipped", reason, room.number))
        room.done.add(step.id)

    async def leads(self, room: Room) -> None:
        """*Take the lead*, or the command."""
        await (self.types_lead(room) if self.chance.random() < 0.5 else self.presses_lead(room))

    async def types_lead(self, room: Room) -> None:
        await self._types("/incident lead", room.channel, yes="You lead")
        self._has_taken_the_lead(room)

    async def presses_lead(self, room: Room) -> None:
        await self._presses(room, Action.TAKE_LEAD, pack(IncidentAim(incident=room.number)))
        self._has_taken_the_lead(room)

    def _has_taken_the_lead(self, room: Room) -> None:
        if room.lead != self.id:
            self.ledger.accept(Asked("role_taken", self.id, room.number))
        room.lead = self.id

    async def rates(self, room: Room, severity: Severity) -> None:
        """Another severity, from the menu or by the command."""
        typing = self.chance.random() < 0.5
        await (self.types_severity if typing else self.chooses_severity)(room, severity)

    async def types_severity(self, room: Room, severity: Severity) -> None:
        await self._types(f"/incident severity {severity}", room.channel, yes=f"is *{severity}* now")
        self._has_rated(room, severity)

    async def chooses_severity(self, room: Room, severity: Severity) -> None:
        value = pack(SeverityAim(incident=room.number, severity=severity))
        await self._presses(room, Action.CHANGE_SEVERITY, value)
        self._has_rated(room, severity)

    def _has_rated(self, room: Room, severity: Severity) -> None:
        if room.severity is not severity:
            self.ledger.accept(Asked("severity_changed", severity.value, room.number))
        room.severity = severity

    async def advances(self, room: Room, proof: str) -> None:
        """*Next phase* with its questions answered, which from the last one closes the incident."""
        value = pack(PhaseAim(incident=room.number, leaving=room.phase))
        await self._opens_form(await self._found(room, Action.NEXT_PHASE, value))
        await self._answers_everything(proof)
        self._has_left(room)

    async def overrides(self, room: Room, reason: str) -> None:
        """The same without proof, which only the lead may."""
        await self._types(
            f"/incident override {room.phase} {reason}", room.channel, yes=("in phase", "is closed")
        )
        self._has_left(room)

    def _has_left(self, room: Room) -> None:
        following = room.phase.next
        if following is Phase.CLOSED:
            self.ledger.accept(Asked("incident_closed", incident=room.number))
        else:
            self.ledger.accept(Asked("phase_entered", following.value, room.number))
        room.phase = following

    async def kills(self, room: Room, flag: str, reason: str) -> None:
        """Asked again, it may be answered that it is held already."""
        said = ("is held at", "already, since")
        await self._types(f"/flag kill {flag} {reason}", room.channel, yes=said)
        self.ledger.accept(Asked("flag_contained", reason, room.number))

    async def undoes(self, room: Room, flag: str) -> None:
        """`/flag undo`, or the button under what was said."""
        typing = self.chance.random() < 0.5
        await (self.types_undo if typing else self.presses_undo)(room, flag)

    async def types_undo(self, room: Room, flag: str) -> None:
        """Asked again, it may be answered that the flag is not held any more."""
        said = ("again for everyone", "is held no more", NOT_HELD)
        await self._types(f"/flag undo {flag}", room.channel, yes=said)
        self.ledger.accept(Asked("flag_restored", flag, room.number))

    async def presses_undo(self, room: Room, flag: str) -> None:
        value = pack(FlagAim(incident=room.number, flag=flag))
        await self._presses(room, Action.FLAG_UNDO, value, but=NOT_HELD)
        self.ledger.accept(Asked("flag_restored", flag, room.number))

    async def looks(self, room: Room) -> None:
        """Something that only reads."""
        text = self.chance.choice(
            ["/incident list", "/incident timeline", "/incident help", "/flag", "/mttr 28d"]
        )
        await self._types(text, room.channel, yes="")

    async def calls_by_name(self) -> None:
        """A message that names the bot: an event, which Slack delivers again until it is taken."""
        bot = self.slack.workspace.app.bot_user
        await self.actor.says(f"<@{bot}> are you there?", self.slack.channel("general"))

    # how they do it --------------------------------------------------------------------------------------

    async def _types(self, text: str, channel: Channel, *, yes: str | tuple[str, ...]) -> None:
        """A slash command, until the answer holds one of the words in `yes`."""
        wanted = (yes,) if isinstance(yes, str) else yes

        async def attempt() -> str | None:
            outcome = await self.slack.interactions.command(self.actor.person, channel, text)
            if outcome.error is not None:
                return outcome.error
            said = outcome.message.text if outcome.message is not None else ""
            if any(word in said for word in wanted):
                return None
            return self._again_unless_refused(text, said)

        await self._until_answered(text, attempt)

    async def _presses(self, room: Room, action: Action, value: str, *, but: str | None = None) -> None:
        """A button or a menu, until it was taken; a refusal with the words `but` counts as taken."""
        press = await self._found(room, action, value)
        what = f"{action} {value}"

        async def attempt() -> str | None:
            before = len(self._told(room.channel))
            outcome = await press()
            if outcome.error is not None:
                return outcome.error
            told = [text for text in self._told(room.channel)[before:] if but is None or but not in text]
            return self._again_unless_refused(what, told[-1]) if told else None

        await self._until_answered(what, attempt)

    async def _found(self, room: Room, action: Action, value: str) -> Callable[[], Awaitable[Outcome]]:
        """Wait until it is on the screen; the answer presses it, now or later, as an old screen would."""

        def wanted(spot: Spot) -> bool:
            return holds(spot, action, value)

        message, spot = await self._until(lambda: pressable(room.channel, wanted), f"{action} {value}")
        chosen = value if spot.type == "static_select" else None
        return lambda: self.slack.interactions.act(self.actor.person, message, spot, chosen)

    async def _opens_form(self, press: Callable[[], Awaitable[Outcome]]) -> None:
        """Press until a form is there; one that came although the press was not answered is as good."""
        stacks.clear(self.slack.workspace, self.id)

        async def attempt() -> str | None:
            outcome = await press()
            with_form = self.actor.modal is not None
            if not with_form and outcome.error is None:
                try:
                    await self.actor.sees_modal(patience=FORM_SECONDS)
                except NotShownError:
                    return FORM_CLOSED
            return None if self.actor.modal is not None else outcome.error or FORM_CLOSED

        await self._until_answered("a form", attempt)

    async def _submits(self, values: dict[str, str]) -> None:
        await self.actor.fills(values)
        await self._sends(f"the form with {values}")

    async def _answers_everything(self, text: str) -> None:
        """Fill in whatever the form asks: words, the first choice, themselves, a day to come."""
        view = self.slack.modals.top(self.actor.person)
        for spot in elements.spots(blocks_of(view)):
            options = elements.options(spot.element)
            value = {"users_select": self.id, "datepicker": SOME_DAY}.get(spot.type, text)
            if spot.is_input:
                self.slack.interactions.enter(
                    self.actor.person, view, spot, options[0]["value"] if options else value
                )
        await self._sends(f"the form answered with {text!r}")

    async def _sends(self, what: str) -> None:
        async def attempt() -> str | None:
            reply: Reply = await self.actor.submits()
            if reply.error is None or TROUBLE in reply.error:
                return reply.error
            return self._again_unless_refused(what, reply.error)

        await self._until_answered("submit", attempt)

    def _again_unless_refused(self, what: str, said: str) -> str:
        """That it could not be stored is a reason to ask again; everything that people ask here is allowed."""
        if NOT_STORED not in said:
            raise Unanswered(f"{self.actor.person.real_name} was refused {what}: {said!r}")
        return said

    async def _until_answered(self, what: str, attempt: Callable[[], Awaitable[str | None]]) -> None:
        """Ask until the answer is a yes (None)."""
        self.ledger.requests += 1
        problem: str | None = None
        try:
            async with asyncio.timeout(self.patience):
                while (problem := await attempt()) is not None:
                    self.ledger.repeats += 1
                    await asyncio.sleep(self.chance.uniform(0.0, AGAIN_AFTER))
        except TimeoutError:
            raise Unanswered(f"{self.actor.person.real_name} had no answer to {what}: {problem}") from None

    async def _until(self, predicate: Callable[[], Found | None], what: str) -> Found:
        try:
            return await self.slack.until(predicate, self.patience)
        except NotShownError:
            raise Unanswered(f"{self.actor.person.real_name} never saw {what}") from None

    def _told(self, channel: Channel) -> list[str]:
        """What the bot has told them in private here. That a form did not open they see for themselves."""
        bot = self.slack.workspace.app.bot_user
        messages = sorted(channel.messages.values(), key=lambda message: message.ts)
        return [
            message.text
            for message in messages
            if message.ephemeral_for == self.id and message.user == bot and FORM_CLOSED not in message.text
        ]
