"""What people do with an app: slash commands, buttons, menus, shortcuts. Modals have their own file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import acts, elements, payloads
from bot.sandbox.arguments import Arguments
from bot.sandbox.delivery import Answer, Delivery, Envelope
from bot.sandbox.elements import Spot
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.methods.content import content
from bot.sandbox.triggers import Triggers
from bot.sandbox.typed import as_sent
from bot.sandbox.workspace import Change, Channel, Message, Person, View, Workspace

Json = dict[str, Any]
Surface = Message | View
Place = tuple[str, str]  # what a client remembers a surface by: (view id, "") or (channel, ts)

SLACKBOT = "USLACKBOT"
SUGGESTIONS_AFTER = 3  # letters, unless the menu says otherwise with min_query_length
MOST_OPTIONS = 100  # docs.slack.dev/reference/block-kit/block-elements/select-menu-element
NO_COMMAND = (
    '{name} is not a valid command. In Slack, all messages that start with the "/" character are interpreted '
    'as slash commands. If you are trying to send a message and not run a command, try preceding the "/" '
    "with an empty space."
)
NOT_IN_THREADS = "{name} is not supported in threads. Sorry!"


@dataclass(frozen=True)
class Outcome:
    """What came of it: a message, or what the person is shown instead. `errors` are by block id, in a modal."""

    message: Message | None = None
    error: str | None = None
    errors: Json = field(default_factory=dict)


class Interactions:
    """Turns what a person does into payloads, and the app's answers into what the person sees."""

    def __init__(self, workspace: Workspace, triggers: Triggers, delivery: Delivery) -> None:
        self.workspace = workspace
        self._triggers = triggers
        self._delivery = delivery
        self._entered: dict[tuple[str, Place], dict[str, Json]] = {}
        self._offered: dict[tuple[str, Place, str, str], list[Json]] = {}

    # slash commands ------------------------------------------------

    async def command(
        self, person: Person, channel: Channel, typed: str, *, thread_ts: str | None = None
    ) -> Outcome:
        """`/incident P0 checkout is down`, typed by a person in a channel."""
        name, text = (*typed.split(maxsplit=1), "")[:2]
        declared = self._declared("slash_commands", "command", name)
        if declared is None or name == "/":
            return self._say_privately(person, channel, NO_COMMAND.format(name=name), thread_ts)
        if thread_ts is not None:
            return self._say_privately(person, channel, NOT_IN_THREADS.format(name=name), thread_ts)
        text = text.strip()
        if declared.get("should_escape"):
            text = as_sent(text, self.workspace, labels=True)
        payload = payloads.command(
            self.workspace,
            person,
            channel,
            name,
            text,
            trigger_id=self._triggers.issue(person.id),
            response_url=self._response_url(person, channel),
        )
        answer = await self._delivery.send(Envelope("slash_commands", payload))
        if not answer.ok:
            return self._say_privately(person, channel, f'{name} failed with the error "{answer.error}"')
        return self._answered(person, channel, name, answer.body)

    def _answered(self, person: Person, channel: Channel, name: str, body: Json | None) -> Outcome:
        """The body of a command's acknowledgement is a message: to the person, unless it says `in_channel`."""
        bot = self.workspace.app.bot_user
        try:
            given = content(Arguments(body or {}))
        except SlackError as error:
            if error.code == "no_text":
                return Outcome()
            return self._say_privately(person, channel, f'{name} failed with the error "{error.code}"')
        shown: Json = {"text": given.shown_text, "blocks": given.blocks, "attachments": given.attachments}
        if body and body.get("response_type") == "in_channel":
            return Outcome(acts.post(self.workspace, channel, user=bot, **shown))
        return Outcome(acts.post_ephemeral(self.workspace, channel, user=bot, viewer=person.id, **shown))

    def _say_privately(
        self, person: Person, channel: Channel, text: str, thread_ts: str | None = None
    ) -> Outcome:
        said = acts.post_ephemeral(
            self.workspace, channel, user=SLACKBOT, viewer=person.id, text=text, thread_ts=thread_ts
        )
        return Outcome(said, error=text)

    # buttons and menus ---------------------------------------------

    def values(self, person: Person, surface: Surface) -> dict[str, Json]:
        """What the elements of a surface hold for this person, as `state.values`."""
        return elements.values(blocks_of(surface), self._typed(person, surface))

    def enter(self, person: Person, surface: Surface, spot: Spot, value: Any) -> Json:
        """Put a value into an element, as a client does before anybody else hears of it."""
        entry = elements.enter(spot, value, self.workspace, self._known(person, surface, spot, value))
        if not isinstance(surface, View):
            self._entered.setdefault((person.id, _place(surface)), {})
        self._typed(person, surface).setdefault(spot.block_id, {})[spot.action_id] = entry
        if isinstance(surface, View):
            surface.errors.pop(spot.block_id, None)
            self.workspace.changed(Change("view", user=person.id))
        else:
            self.workspace.changed(Change("message", surface.channel, person.id, surface.ts))
        return entry

    async def act(self, person: Person, surface: Surface, spot: Spot, value: Any = None) -> Outcome:
        """Press a button or choose in a menu; the app is told, and has three seconds."""
        entry = None
        if spot.type in elements.STATE_KEYS:
            entry = self.enter(person, surface, spot, value)
        action = payloads.action(self.workspace, spot, entry, value)
        if isinstance(surface, View):
            payload = payloads.view_action(self.workspace, person, surface, action)
        else:
            state = self.values(person, surface)
            payload = payloads.message_action(self.workspace, person, surface, action, state)
            channel = self.workspace.channels[surface.channel]
            payload["response_url"] = self._response_url(person, channel, surface.ts)
        payload["trigger_id"] = self._triggers.issue(person.id)
        return self._told(await self._delivery.send(Envelope("interactive", payload)))

    async def suggest(self, person: Person, surface: Surface, spot: Spot, query: str) -> Json:
        """What an external menu offers for what was typed: `options` or `option_groups`; nothing when it fails."""
        if spot.type not in ("external_select", "multi_external_select"):
            raise NotPossibleError(f"{spot.label!r} has options of its own; it asks nobody.")
        offered: Json = {"options": []}
        if len(query) >= spot.element.get("min_query_length", SUGGESTIONS_AFTER):
            payload = payloads.suggestion(self.workspace, person, surface, spot, query)
            answer = await self._delivery.send(Envelope("interactive", payload))
            if answer.ok and elements.offers(answer.body):
                offered = answer.body or offered
        every = elements.options(offered)[:MOST_OPTIONS]
        self._offered[person.id, _place(surface), spot.block_id, spot.action_id] = every
        return offered

    # shortcuts -----------------------------------------------------

    async def shortcut(self, person: Person, callback_id: str, message: Message | None = None) -> Outcome:
        """A shortcut from the lightning menu, or with `message` from that message's menu."""
        kind = "global" if message is None else "message"
        declared = self._declared("shortcuts", "callback_id", callback_id)
        if declared is None or declared.get("type", kind) != kind:
            raise NotPossibleError(f"The app's manifest has no {kind} shortcut {callback_id!r}.")
        if message is None:
            payload = payloads.shortcut(self.workspace, person, callback_id)
        else:
            payload = payloads.message_shortcut(self.workspace, person, callback_id, message)
            channel = self.workspace.channels[message.channel]
            payload["response_url"] = self._response_url(person, channel, message.ts)
        payload["trigger_id"] = self._triggers.issue(person.id)
        return self._told(await self._delivery.send(Envelope("interactive", payload)))

    # shared --------------------------------------------------------

    def _told(self, answer: Answer) -> Outcome:
        if answer.ok:
            return Outcome()
        # Slack shows a warning sign beside the element and no words; these are the sandbox's own
        return Outcome(error=f'{self.workspace.app.name} did not take this: "{answer.error}"')

    def _declared(self, feature: str, key: str, wanted: str) -> Json | None:
        """The manifest's entry for a command or a shortcut; without a manifest, everything is declared."""
        manifest = self.workspace.app.manifest
        if manifest is None:
            return {}
        entries = manifest.get("features", {}).get(feature) or ()
        return next((entry for entry in entries if entry.get(key) == wanted), None)

    def _response_url(self, person: Person, channel: Channel, ts: str | None = None) -> str:
        base = self.workspace.base_url
        return self._triggers.issue_response_url(base, channel=channel.id, user=person.id, message_ts=ts)

    def _known(self, person: Person, surface: Surface, spot: Spot, value: Any) -> list[Json] | None:
        """What an external menu offered last, and what it keeps from before; None for menus with options."""
        if spot.type not in ("external_select", "multi_external_select"):
            return None
        held = elements.held(self.values(person, surface)[spot.block_id][spot.action_id])
        every = held if isinstance(held, list) else [held] if held else []
        kept = [one for one in every if one.get("value") in (value if isinstance(value, list) else [value])]
        key = (person.id, _place(surface), spot.block_id, spot.action_id)
        return [*self._offered.get(key, ()), *kept]

    def _typed(self, person: Person, surface: Surface) -> dict[str, Json]:
        if isinstance(surface, View):
            return surface.state
        return self._entered.get((person.id, _place(surface)), {})


def blocks_of(surface: Surface) -> list[Json]:
    """The blocks of a message, those in its attachments included, or of a view."""
    if isinstance(surface, View):
        return surface.raw.get("blocks") or []
    inside = [block for attachment in surface.attachments or () for block in attachment.get("blocks") or ()]
    return [*(surface.blocks or ()), *inside]


def _place(surface: Surface) -> Place:
    return (surface.id, "") if isinstance(surface, View) else (surface.channel, surface.ts)
