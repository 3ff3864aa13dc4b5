"""The page and its parts as HTML: Jinja2 with autoescape, fed with what one person sees."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup

from bot.sandbox.page import inspector, rows
from bot.sandbox.page.drawing import Drawing
from bot.sandbox.page.emoji import QUICK_REACTIONS, character
from bot.sandbox.page.markdown import markdown
from bot.sandbox.page.mrkdwn import SAFE_URL, mrkdwn
from bot.sandbox.page.place import Place, people
from bot.sandbox.page.reader import Reader
from bot.sandbox.page.richtext import HEX_COLOR, dicts
from bot.sandbox.page.shape import shaped
from bot.sandbox.page.sidebar import ReadMarks, sidebar_of
from bot.sandbox.workspace import Message, Person, View, Workspace

PARTS = ("sidebar", "place", "thread", "modals", "inspector")
Values = Callable[[Person, Message], dict[str, Any]]


class _Environment(Environment):
    """`block.items` is the key of a block, and never a method of the dictionary that holds it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


@dataclass(frozen=True)
class Command:
    """A slash command that the manifest declares."""

    command: str
    description: str
    usage_hint: str


@dataclass
class Renderer:
    """Draws the page for whoever looks. `values` says what a person has chosen in a message's menus."""

    workspace: Workspace
    values: Values = lambda person, message: {}
    connected: Callable[[], bool] = lambda: True
    marks: ReadMarks = field(default_factory=ReadMarks)

    def __post_init__(self) -> None:
        self._templates = _environment()

    def page(self, place: Place, since: str = "") -> str:
        """The whole document."""
        parts = {name: Markup(html) for name, html in self.parts(place, PARTS, since).items()}
        return self._draw("page.html", place, parts=parts, title=self.title(place), names=PARTS)

    def parts(self, place: Place, names: Iterable[str], since: str = "") -> dict[str, str]:
        """Some parts of the page by name. `since`: the line "New" stands below this ts."""
        known = {"sidebar": self._sidebar, "thread": self._thread, "modals": self._modals}
        drawn: dict[str, str] = {}
        for name in names:
            if name == "place":
                drawn[name] = self._place(place, since)
            elif name == "inspector":
                drawn[name] = self._inspector(place)
            elif name in known:
                drawn[name] = known[name](place)
        return drawn

    def since(self, place: Place) -> str:
        """How far this person has read the channel."""
        return self.marks.until(place.reader.person.id, place.channel) if place.channel else ""

    def read(self, place: Place) -> bool:
        """This person has seen the channel as it is now. Says whether anything was new to them."""
        return place.channel is not None and self.marks.read(place.reader.person.id, place.channel)

    def title(self, place: Place) -> str:
        """The window's title."""
        unread = sidebar_of(place, self.marks).unread
        where = self._name(place)
        return f"{f'({unread}) ' if unread else ''}{where} · {place.reader.person.real_name}"

    def entry(self, number: int) -> str | None:
        """One entry of the inspector with its payload and its answer."""
        entry = next((entry for entry in self.workspace.log if entry.number == number), None)
        if entry is None:
            return None
        return self._templates.get_template("entry.html").render(entry=entry)

    # parts -----------------------------------------------------------

    def _sidebar(self, place: Place) -> str:
        return self._draw(
            "sidebar.html",
            place,
            sidebar=sidebar_of(place, self.marks),
            people=people(self.workspace),
            connected=self.connected(),
        )

    def _place(self, place: Place, since: str) -> str:
        channel, reader = place.channel, place.reader
        if place.home:
            view_id = self.workspace.homes.get(reader.person.id)
            return self._draw("home.html", place, view=self._view(reader, view_id))
        if channel is None:
            return self._draw("nowhere.html", place)
        canvas = self.workspace.canvases.get(channel.canvas or "")
        shown = rows.channel_rows(place, channel, since, self._held)
        return self._draw(
            "channel.html",
            place,
            channel=channel,
            name=self._name(place),
            other=_other(channel.members, reader) if channel.is_im else None,
            topic=mrkdwn(str(channel.topic.get("value") or ""), reader),
            purpose=mrkdwn(str(channel.purpose.get("value") or ""), reader),
            shown=shown,
            pins=rows.pinned_rows(place, channel, self._held),
            members=[self.workspace.people[m] for m in channel.members if m in self.workspace.people],
            since=since,
            canvas=canvas,
            canvas_html=markdown(canvas["markdown"], reader) if canvas else "",
            commands=self._commands(),
            first="" if shown.more or self._was_used() else self.workspace.app.first,
            global_shortcuts=self._shortcuts("global"),
            mentionable=people(self.workspace),
        )

    def _thread(self, place: Place) -> str:
        if place.channel is None or place.thread is None:
            return ""
        shown = rows.thread_rows(place, place.channel, place.thread, self._held)
        return self._draw("thread.html", place, channel=place.channel, name=self._name(place), shown=shown)

    def _modals(self, place: Place) -> str:
        stack = self.workspace.modal_stacks.get(place.reader.person.id) or []
        view = self._view(place.reader, stack[-1]) if stack else None
        return self._draw("modal.html", place, view=view, depth=len(stack)) if view else ""

    def _inspector(self, place: Place) -> str:
        return self._draw(
            "inspector.html", place, groups=inspector.groups_of(self.workspace.log, place.reader)
        )

    # helpers ---------------------------------------------------------

    def _draw(self, template: str, place: Place, **names: Any) -> str:
        return self._templates.get_template(template).render(
            place=place,
            reader=place.reader,
            me=place.reader.person,
            app=self.workspace.app,
            workspace=self.workspace,
            bot=self.workspace.people.get(self.workspace.app.bot_user),
            message_shortcuts=self._shortcuts("message"),
            quick_reactions=[(name, character(name)) for name in QUICK_REACTIONS],
            **names,
        )

    def _name(self, place: Place) -> str:
        channel = place.channel
        if channel is None:
            return self.workspace.app.name if place.home else "Nothing here"
        if channel.is_im:
            other = _other(channel.members, place.reader)
            return other.real_name if other else "Direct message"
        return f"#{channel.name}"

    def _held(self, person_id: str, message: Message) -> dict[str, Any]:
        if not (message.blocks or message.attachments):
            return {}
        return self.values(self.workspace.people[person_id], message)

    def _view(self, reader: Reader, view_id: str | None) -> tuple[View, Drawing] | None:
        view = self.workspace.views.get(view_id or "")
        if view is None:
            return None
        return view, Drawing(reader, view.id, view.kind, view.state, view.errors)

    def _features(self, kind: str) -> list[dict[str, Any]]:
        return dicts((self.workspace.app.manifest or {}).get("features", {}).get(kind))

    def _commands(self) -> list[Command]:
        return [
            Command(*(str(entry.get(key) or "") for key in ("command", "description", "usage_hint")))
            for entry in self._features("slash_commands")
        ]

    def _was_used(self) -> bool:
        """Whether the app has posted anything yet: from then on nobody needs to be told how to begin."""
        bot = self.workspace.app.bot_user
        return any(
            message.user == bot for c in self.workspace.channels.values() for message in c.messages.values()
        )

    def _shortcuts(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self._features("shortcuts") if entry.get("type") == kind]


@functools.cache  # compiling the templates takes longer than anything that is drawn with them
def _environment() -> Environment:
    environment = _Environment(
        loader=PackageLoader("bot.sandbox.page"),
        autoescape=True,
        undefined=ChainableUndefined,  # an app may leave out any key of a block
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        dicts=dicts,
        color=_color,
        emoji=lambda code: character(str(code).strip(":")),
        initials=_initials,
        pretty=inspector.pretty,
        shaped=shaped,
        safe_url=lambda url: url if isinstance(url, str) and SAFE_URL.fullmatch(url) else "",
    )
    return environment


def _color(value: Any) -> str:
    """A colour that may stand in an attribute."""
    return value if isinstance(value, str) and HEX_COLOR.fullmatch(value) else "#5b6270"


def _initials(name: str) -> str:
    words = re.findall(r"\w+", name)
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def _other(members: Iterable[str], reader: Reader) -> Person | None:
    others = [reader.workspace.people[m] for m in members if m in reader.workspace.people]
    return next((person for person in others if person.id != reader.person.id), None)
