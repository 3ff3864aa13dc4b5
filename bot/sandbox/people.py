"""Verbs of people towards an app, for tests and demos: `await slack.person("ana").types("/incident P0 …")`.

A verb that needs something on the screen waits for it, as a person would, and says what was there instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from bot.sandbox import elements, looking, rooms, shapes, stacks
from bot.sandbox.elements import Spot
from bot.sandbox.errors import NotPossibleError
from bot.sandbox.interactions import Interactions, Outcome, Surface, blocks_of
from bot.sandbox.looking import Target
from bot.sandbox.modals import Modals
from bot.sandbox.plaintext import text_of, text_of_view
from bot.sandbox.residents import Resident
from bot.sandbox.workspace import Channel, Message, Person, View, Workspace

Json = dict[str, Any]
Found = TypeVar("Found")

PATIENCE = 5.0  # seconds of the machine's clock that a person waits for something to appear
HOME = "the Home tab"


class NotShownError(AssertionError):
    """What somebody waited for did not come. The text says what was there instead."""


class Until(Protocol):
    """Wait until something is so: `Sandbox.until`."""

    async def __call__(
        self,
        predicate: Callable[[], Found | None],
        timeout: float = PATIENCE,  # noqa: ASYNC109  how long somebody waits, not how long we may take
        what: Callable[[], str] | None = None,
    ) -> Found: ...


@dataclass(frozen=True)
class Reply:
    """What a person sees at once after what they did.

    `text` and `message` are what came back; `error` is what they are shown when it went wrong; `errors` are
    the ones in a modal, by label; `asks` is a confirmation that wants `confirms()` or `declines()` first.
    """

    text: str = ""
    error: str | None = None
    message: Message | None = None
    errors: dict[str, str] = field(default_factory=dict)
    asks: str | None = None


@dataclass(frozen=True)
class ModalSeen:
    """The modal that a person looks at. `errors` by label; what concerns the whole modal is under `""`."""

    title: str
    text: str
    labels: tuple[str, ...]
    values: dict[str, Any]
    errors: dict[str, str]
    view: View


class Actor(Resident):
    """Somebody in the workspace who uses the app."""

    def __init__(
        self, workspace: Workspace, person: Person, interactions: Interactions, modals: Modals, until: Until
    ) -> None:
        super().__init__(workspace, person)
        self._interactions = interactions
        self._modals = modals
        self._until = until
        self._asked: Target | None = None

    # typing --------------------------------------------------------

    async def types(
        self, text: str, channel: str | Channel | None = None, *, thread: Message | str | None = None
    ) -> Reply:
        """Write a message, or a slash command when it starts with `/`. `thread` is the message it answers."""
        where = self.goes_to(channel)
        await self._is_watched()
        thread_ts = (thread.thread_ts or thread.ts) if isinstance(thread, Message) else thread
        if not text.startswith("/"):
            message = await self.says(text, where, thread_ts=thread_ts)
            return Reply(text_of(message, self.workspace), message=message)
        return self._reply(
            await self._interactions.command(self.person, where, text, thread_ts=thread_ts), where
        )

    def _reply(self, outcome: Outcome, surface: Surface | Channel) -> Reply:
        labels = _labels(surface) if isinstance(surface, View) else {}
        errors = {labels.get(id_, id_): text for id_, text in outcome.errors.items()}
        text = text_of(outcome.message, self.workspace) if outcome.message else ""
        return Reply(text, outcome.error, outcome.message, errors)

    # pressing and choosing -----------------------------------------

    async def clicks(
        self,
        text: str,
        *,
        near: str | None = None,
        channel: str | Channel | None = None,
        patience: float = PATIENCE,
    ) -> Reply:
        """Press the button, or the option of a menu, that says `text` (or has that action id).

        In the open modal if there is one, else on the Home tab if that is where they are, else in the newest
        message that has it. `near` is something that stands in the same block, or right above it.
        """

        def find(surface: Surface) -> Target | None:
            return looking.press(
                self.workspace,
                self.person,
                surface,
                text,
                near,
                lambda: self._interactions.values(self.person, surface),
            )

        about = f"nothing to click that says {text!r}" + (f" near {near!r}" if near else "")
        return await self._press_watched(await self._find(find, about, channel, patience))

    async def chooses(
        self,
        label: str,
        option: Any,
        *,
        near: str | None = None,
        channel: str | Channel | None = None,
        patience: float = PATIENCE,
    ) -> Reply:
        """Choose `option` (its text, its value, a handle, a date, …) in the menu or picker called `label`."""

        def find(surface: Surface) -> Target | None:
            return looking.menu(self.workspace, surface, label, near)

        target = await self._find(find, f"no menu called {label!r}", channel, patience)
        value = await self._meant(target.surface, target.spot, option)
        return await self._press_watched(Target(target.surface, target.spot, value))

    async def confirms(self) -> Reply:
        """Say yes to what the last click asks."""
        target = self._take_asked()
        await self._is_watched()
        outcome = await self._interactions.act(self.person, target.surface, target.spot, target.value)
        return self._reply(outcome, target.surface)

    async def declines(self) -> None:
        """Say no to what the last click asks; the app never hears of it."""
        self._take_asked()

    async def _is_watched(self, spot: Spot | None = None) -> None:
        """Let spectators find the place where something is about to happen; at once when there are none."""
        place = self.place or ""
        pressed = (spot.block_id, spot.action_id) if spot is not None else ("", "")
        await self.workspace.spotlight.falls_on(self.id, "" if place == HOME else place, *pressed)

    def _take_asked(self) -> Target:
        if self._asked is None:
            raise NotPossibleError("Nothing was asked.")
        target, self._asked = self._asked, None
        return target

    async def _press_watched(self, target: Target) -> Reply:
        if isinstance(target.surface, Message):
            self.place = target.surface.channel  # whoever presses something is where it stands
        await self._is_watched(target.spot)
        return await self._press(target)

    async def _press(self, target: Target) -> Reply:
        confirm = target.spot.element.get("confirm")
        if confirm:
            self._asked = target
            return Reply(asks="\n".join(confirm.get(key, {}).get("text", "") for key in ("title", "text")))
        in_modal = isinstance(target.surface, View) and target.surface.kind == "modal"
        if in_modal and target.spot.is_input and not target.spot.block.get("dispatch_action"):
            self._interactions.enter(self.person, target.surface, target.spot, target.value)
            return Reply()
        outcome = await self._interactions.act(self.person, target.surface, target.spot, target.value)
        return self._reply(outcome, target.surface)

    async def _find(
        self,
        find: Callable[[Surface], Target | None],
        about: str,
        channel: str | Channel | None,
        patience: float,
    ) -> Target:
        def found() -> Target | None:
            return next(filter(None, map(find, self._surfaces(channel))), None)

        def seen() -> str:
            return f"{self.person.real_name} has {about}. What is there:\n{self._screen(channel)}"

        return await self._until(found, patience, seen)

    def _surfaces(self, channel: str | Channel | None) -> list[Surface]:
        """What they may mean, the likeliest first."""
        modal = stacks.top(self.workspace, self.id)
        if channel is not None:
            return [*reversed(looking.shown(self.channel(channel), self.person))]
        if modal is not None:
            return [modal]
        home = self.workspace.views.get(self.workspace.homes.get(self.id, ""))
        if self.place == HOME:
            return [home] if home is not None else []
        newest = list(looking.everything_shown(self.workspace, self.person))
        here = [message for message in newest if message.channel == self.place]
        return [*here, *(message for message in newest if message.channel != self.place)]

    def _screen(self, channel: str | Channel | None) -> str:
        """The last of what they see, for the explanation of a failure."""
        texts = [
            text_of_view(surface, self.workspace)
            if isinstance(surface, View)
            else text_of(surface, self.workspace)
            for surface in self._surfaces(channel)[:8]
        ]
        return "\n---\n".join(texts) or "(nothing)"

    # modals --------------------------------------------------------

    @property
    def modal(self) -> ModalSeen | None:
        """The modal that they look at."""
        view = stacks.top(self.workspace, self.id)
        if view is None:
            return None
        labels = _labels(view)
        held = self._interactions.values(self.person, view)
        return ModalSeen(
            title=(view.raw.get("title") or {}).get("text", ""),
            text=text_of_view(view, self.workspace),
            labels=tuple(labels.values()),
            values={
                spot.label: elements.held(held[spot.block_id][spot.action_id])
                for spot in elements.spots(blocks_of(view))
                if spot.type in elements.STATE_KEYS
            },
            errors={labels.get(id_, id_): text for id_, text in view.errors.items()},
            view=view,
        )

    async def sees_modal(self, text: str = "", patience: float = PATIENCE) -> ModalSeen:
        """Wait for a modal that says `text`."""

        def found() -> ModalSeen | None:
            modal = self.modal
            return modal if modal is not None and text in modal.text else None

        return await self._until(
            found, patience, lambda: f"no modal that says {text!r}; {self._screen(None)}"
        )

    async def fills(self, values: dict[str, Any], patience: float = PATIENCE) -> Reply:
        """Fill in the open modal: `{label: value}`, an option by its text or the unique beginning of it."""
        await self._is_watched()
        reply = Reply()
        for label, value in values.items():

            def find(surface: Surface, label: str = label) -> Target | None:
                return looking.menu(self.workspace, surface, label, None) if _is_modal(surface) else None

            target = await self._find(find, f"no input called {label!r}", None, patience)
            meant = await self._meant(target.surface, target.spot, value)
            reply = await self._press(Target(target.surface, target.spot, meant))
        return reply

    async def submits(self) -> Reply:
        """Press Submit."""
        await self._is_watched()
        view = self._modals.top(self.person)
        return self._reply(await self._modals.submit(self.person, view), view)

    async def closes(self, *, everything: bool = False) -> Reply:
        """Press Cancel; with `everything`, the cross."""
        await self._is_watched()
        view = self._modals.top(self.person)
        return self._reply(await self._modals.close(self.person, view, everything=everything), view)

    async def _meant(self, surface: Surface, spot: Spot, value: Any) -> Any:
        """The value that was meant: files by their id, options by their text or its unique beginning."""
        if isinstance(value, list):
            return [await self._meant(surface, spot, one) for one in value]
        external = spot.type in ("external_select", "multi_external_select")
        if external:
            offered = elements.options(
                await self._interactions.suggest(self.person, surface, spot, str(value))
            )
        elif spot.type in elements.WITH_OPTIONS:
            offered = elements.options(spot.element)
        else:
            return value
        texts = [option["text"]["text"] for option in offered]
        if value in texts or value in [option.get("value") for option in offered]:
            return value
        begun = [text for text in texts if isinstance(value, str) and text.startswith(value)]
        if len(begun) == 1:
            return begun[0]
        if external:  # what it held before can still be kept, but nobody can choose it anew
            raise NotPossibleError(f"{spot.label!r} offers {', '.join(texts) or 'nothing'} for {value!r}.")
        return value

    # elsewhere -----------------------------------------------------

    async def opens_home(self) -> Reply:
        """Open the app's Home tab; the app is told with `app_home_opened`."""
        self.place = HOME
        await self._is_watched()
        self._tell_opened("home")
        return Reply()

    async def opens_app_chat(self) -> Channel:
        """Open the app's Messages tab."""
        channel = await self.opens_chat(self.workspace.app.bot_user)
        self._tell_opened("messages")
        return channel

    def _tell_opened(self, tab: str) -> None:
        channel, _ = rooms.open_im(self.workspace, self.id)
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": channel.id, "tab": tab}
        home = self.workspace.views.get(self.workspace.homes.get(self.id, ""))
        if home is not None and tab == "home":
            event["view"] = shapes.view_object(self.workspace, home)
        self.workspace.emit({**event, "event_ts": self.workspace.new_ts()})

    async def uses_shortcut(self, callback_id: str, message: Message | None = None) -> Reply:
        """Choose a global shortcut, or one from a message's menu."""
        if message is not None:
            self.place = message.channel
        await self._is_watched()
        outcome = await self._interactions.shortcut(self.person, callback_id, message)
        return Reply(error=outcome.error)

    async def sees(
        self,
        text: str | re.Pattern[str],
        channel: str | Channel | None = None,
        patience: float = PATIENCE,
    ) -> Message:
        """Wait for a message that says `text`: the newest, in this channel or anywhere they may look."""

        def found() -> Message | None:
            return next((m for m in self._messages(channel) if says(text_of(m, self.workspace), text)), None)

        def seen() -> str:
            texts = [text_of(message, self.workspace) for message in self._messages(channel)[:8]]
            return f"{self.person.real_name} sees no {text!r}, but:\n" + (
                "\n---\n".join(texts) or "(nothing)"
            )

        return await self._until(found, patience, seen)

    async def sees_home(self, text: str, patience: float = PATIENCE) -> str:
        """Wait until the Home tab says `text`, and read all of it."""

        def home() -> str:
            view = self.workspace.views.get(self.workspace.homes.get(self.id, ""))
            return text_of_view(view, self.workspace) if view is not None else ""

        await self._until(
            lambda: text in home(), patience, lambda: f"the Home tab says: {home() or '(nothing)'}"
        )
        return home()

    def _messages(self, channel: str | Channel | None) -> list[Message]:
        if channel is None:
            return list(looking.everything_shown(self.workspace, self.person))
        return looking.shown(self.channel(channel), self.person)[::-1]


def says(read: str, text: str | re.Pattern[str]) -> bool:
    """Whether what is read holds these words, or matches this pattern."""
    return text in read if isinstance(text, str) else text.search(read) is not None


def _is_modal(surface: Surface) -> bool:
    return isinstance(surface, View) and surface.kind == "modal"


def _labels(view: View) -> dict[str, str]:
    """Block id -> label, of the inputs of a modal."""
    return {spot.block_id: spot.label for spot in elements.spots(blocks_of(view)) if spot.is_input}
