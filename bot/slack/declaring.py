"""The form that declares an incident: two questions that count, and six more for whoever knows already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.beginning import Source
from bot.domain.runbook import Runbook
from bot.domain.vocabulary import TITLE_MAX, Severity
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.cards import severity_option
from bot.slack.face import Face
from bot.slack.ids import VALUE, Blank, Form, Origin, pack
from bot.slack.modals import View, field, form, text_input
from bot.slack.reading import author_of, words_of
from bot.slack.text import clean, cut, without_mentions

OPTIONS_MAX = 100  # of a menu; https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element

SOURCE_MAX = (
    1000  # characters of the message that travel with the form; a form carries 3,000, and each may be escaped
)


def source_of(body: Mapping[str, Any]) -> Source:
    """The message whose menu was used."""
    message = body["message"]
    return Source(
        channel=body["channel"]["id"],
        ts=message["ts"],
        author=author_of(message),
        text=cut(clean(words_of(message)), SOURCE_MAX),
    )


def title_from(text: str) -> str:
    """What a message says first, as a title that can be changed."""
    first = next((line.strip() for line in without_mentions(text).splitlines() if line.strip()), "")
    return cut(first, TITLE_MAX)


def declare_form(
    face: Face,
    origin: Origin,
    severity: Severity | None = None,
    runbooks: Sequence[Runbook] = (),
    title: str = "",
) -> View:
    """What is broken and how bad it is; all else may stay empty, and nothing else stands between a person
    and an open incident. `title` stands there already."""
    t = face.t
    return form(
        Form.DECLARE,
        pack(origin),
        title=t("Declare an incident"),
        submit=t("Declare"),
        close=t("Cancel"),
        drawn=[
            field(
                Blank.TITLE,
                t("What is broken?"),
                text_input(placeholder=t("checkout returns 500"), most=TITLE_MAX, initial=title),
            ),
            _how_bad(face, severity),
            *_long_meanings(face),
            *_affected(face),
            field(
                Blank.BEGAN,
                t("When did it begin?"),
                {"type": "datetimepicker", "action_id": VALUE},
                hint=t("When people were first affected, if that was before now."),
                optional=True,
            ),
            *_runbook(face, runbooks),
            _privately(face),
        ],
    )


def _how_bad(face: Face, severity: Severity | None) -> Block:
    t = face.t
    options = {each: severity_option(each, face, each.value) for each in Severity}
    choice: Block = {"type": "radio_buttons", "action_id": VALUE, "options": list(options.values())}
    if severity is not None:
        choice["initial_option"] = options[severity]
    return field(
        Blank.SEVERITY,
        t("How bad is it?"),
        choice,
        hint=t("In doubt take the worse one. It can be changed at any time."),
    )


def _long_meanings(face: Face) -> list[Block]:
    """Slack shows 75 characters beside an option; what is longer stands below in full."""
    long = [level for level in Severity if len(face.meanings.get(level, "")) > blocks.OPTION_MAX]
    if not long:
        return []
    return [blocks.context("\n".join(f"*{level.value}* {face.meaning(level)}" for level in long))]


def _affected(face: Face) -> list[Block]:
    t, landscape = face.t, face.landscape
    asked = []
    if landscape.services:
        asked.append(
            field(
                Blank.SERVICES,
                t("Which services are affected?"),
                _several([each.name for each in landscape.services], t("Choose any number")),
                hint=t("Whoever is on call for them is invited."),
                optional=True,
            )
        )
    asked.append(
        field(
            Blank.PATHS,
            t("Which critical paths do not work?"),
            _several(face.critical_paths, t("Choose any number")),
            hint=t("Each one needs a proof that it works again before stabilize ends."),
            optional=True,
        )
    )
    return asked


def _several(names: Sequence[str], placeholder: str) -> Block:
    return {
        "type": "multi_static_select",
        "action_id": VALUE,
        "placeholder": blocks.plain(placeholder, 150),
        "options": [blocks.option(name, name) for name in names[:OPTIONS_MAX]],
    }


def _runbook(face: Face, runbooks: Sequence[Runbook]) -> list[Block]:
    t = face.t
    if not runbooks:
        return []
    options = [blocks.option(each.title, each.id) for each in runbooks[:OPTIONS_MAX]]
    menu = blocks.menu(VALUE, options, placeholder=t("The one that fits best"))
    return [field(Blank.RUNBOOK, t("Which runbook?"), menu, optional=True)]


def _privately(face: Face) -> Block:
    t = face.t
    only = blocks.option(
        t("Private"), "private", t("Only its channel hears of it; nobody on call is invited.")
    )
    return field(
        Blank.PRIVATE,
        t("Who may see it?"),
        {"type": "checkboxes", "action_id": VALUE, "options": [only]},
        hint=t("Leave it empty unless the incident itself is a secret: others can only help if they know."),
        optional=True,
    )
