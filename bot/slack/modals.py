"""The forms about steps and updates, what all forms are made of, and the notice that takes a form's place."""

from __future__ import annotations

from typing import Any

from bot.domain.incident import Incident, Item
from bot.domain.vocabulary import REASON_MAX, UPDATE_MAX
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Face
from bot.slack.ids import VALUE, Blank, Form, IncidentAim, StepAim, pack
from bot.slack.text import quoted

TITLE_OF_MODAL_MAX = 24  # also of its submit and close buttons
NEXT_UPDATE_MINUTES = (15, 30, 60, 120, 240)  # half an hour for a P0 and an hour for a P1 are usual
LABEL_MAX = 2000  # of an input, and of its hint
PLACEHOLDER_MAX = 150
STEP_MAX = 1500  # a step has at most 200 characters; escaping makes five of one

View = dict[str, Any]


def skip_form(face: Face, aim: StepAim, item: Item) -> View:
    """Why a step can wait."""
    t = face.t
    reason = text_input(
        placeholder=t("the provider's own page shows no outage"), most=REASON_MAX, multiline=True
    )
    return form(
        Form.SKIP,
        pack(aim),
        title=t("Skip a step"),
        submit=t("Skip"),
        close=t("Cancel"),
        drawn=[
            blocks.section(f"*{quoted(item.step.text, STEP_MAX)}*"),
            field(
                Blank.REASON,
                t("Why can it wait?"),
                reason,
                hint=t("It goes into the timeline. The step can be opened again with Undo."),
            ),
        ],
    )


def assign_form(face: Face, aim: StepAim, item: Item) -> View:
    """Who is to do a step."""
    t = face.t
    person: Block = {"type": "users_select", "action_id": VALUE}
    if item.assignee is not None and item.assignee.startswith(("U", "W")):
        person["initial_user"] = item.assignee
    return form(
        Form.ASSIGN_STEP,
        pack(aim),
        title=t("Assign a step"),
        submit=t("Assign"),
        close=t("Cancel"),
        drawn=[
            blocks.section(f"*{quoted(item.step.text, STEP_MAX)}*"),
            field(Blank.PERSON, t("Who does it?"), person, hint=t("They are invited to the channel.")),
        ],
    )


def step_note_form(face: Face, aim: StepAim, item: Item) -> View:
    """What was found on the way."""
    t = face.t
    note = text_input(placeholder=t("only cards from one bank fail"), most=REASON_MAX, multiline=True)
    return form(
        Form.NOTE_ON_STEP,
        pack(aim),
        title=t("Note on a step"),
        submit=t("Note"),
        close=t("Cancel"),
        drawn=[
            blocks.section(f"*{quoted(item.step.text, STEP_MAX)}*"),
            field(Blank.NOTE, t("What did you find?"), note, hint=t("It goes into the timeline too.")),
        ],
    )


def update_form(face: Face, incident: Incident) -> View:
    """What is so, what we do, and when we speak again."""
    t = face.t
    waits = [
        blocks.option(t.n("in {count} minute", "in {count} minutes", minutes), str(minutes))
        for minutes in NEXT_UPDATE_MINUTES
    ]
    situation = text_input(placeholder=t("one payment in five fails"), most=UPDATE_MAX, multiline=True)
    doing = text_input(
        placeholder=t("the new gateway is off; we watch the rate"),
        most=UPDATE_MAX,
        multiline=True,
        focus=False,
    )
    return form(
        Form.UPDATE,
        pack(IncidentAim(incident=incident.number)),
        title=t("Tell those who wait"),
        submit=t("Tell them"),
        close=t("Cancel"),
        drawn=[
            field(Blank.SITUATION, t("What is so?"), situation),
            field(Blank.DOING, t("What do we do about it?"), doing, optional=True),
            field(
                Blank.NEXT_UPDATE,
                t("When do we speak again?"),
                blocks.menu(VALUE, waits, placeholder=t("Choose")),
                hint=t("It is posted in this channel and below the announcement."),
                optional=True,
            ),
        ],
    )


def notice(face: Face, text: str) -> View:
    """A view that only says something: plain text, from the catalogue."""
    t = face.t
    return {
        "type": "modal",
        "title": blocks.plain(t("Firebreak"), TITLE_OF_MODAL_MAX),
        "close": blocks.plain(t("Close"), TITLE_OF_MODAL_MAX),
        "blocks": [{"type": "section", "text": blocks.plain(text, blocks.SECTION_MAX)}],
    }


def form(id_: Form, data: str, *, title: str, submit: str, close: str, drawn: list[Block]) -> View:
    """A modal with inputs."""
    return {
        "type": "modal",
        "callback_id": id_,
        "private_metadata": data,
        "title": blocks.plain(title, TITLE_OF_MODAL_MAX),
        "submit": blocks.plain(submit, TITLE_OF_MODAL_MAX),
        "close": blocks.plain(close, TITLE_OF_MODAL_MAX),
        "blocks": drawn,
    }


def text_input(
    *, placeholder: str, most: int, multiline: bool = False, initial: str = "", focus: bool = True
) -> Block:
    """`focus` in one input of a form at the most: the one to begin with."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": multiline,
        "max_length": most,
        "focus_on_load": focus,
        "placeholder": blocks.plain(placeholder, PLACEHOLDER_MAX),
    }
    return {**element, "initial_value": initial} if initial else element


def field(blank: str, label: str, element: Block, hint: str = "", *, optional: bool = False) -> Block:
    """One input with its label."""
    block: Block = {
        "type": "input",
        "block_id": blank,
        "label": blocks.plain(label, LABEL_MAX),
        "element": element,
    }
    if optional:
        block["optional"] = True
    if hint:
        block["hint"] = blocks.plain(hint, LABEL_MAX)
    return block
