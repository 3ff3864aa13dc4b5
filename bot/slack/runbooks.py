"""Choosing another runbook: which one fits, because of what, and the form that changes it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.incident import Incident
from bot.domain.language import Translate
from bot.domain.runbook import Match
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Face
from bot.slack.ids import VALUE, Blank, Form, IncidentAim, pack
from bot.slack.modals import TITLE_OF_MODAL_MAX, View
from bot.slack.text import code, quoted

SUGGESTED = 3  # a fourth suggestion is a list, and the list stands below
OPTIONS_MAX = 100  # of a menu; https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
SIGNS_SHOWN = 4  # of each kind: enough to see why
TITLE_MAX = 300  # a title has at most 100 characters; escaping makes some of them longer


def because(match: Match, t: Translate) -> str:
    """What speaks for a runbook, in plain words: `because the title says “checkout”`. Empty: nothing does."""
    told = []
    if match.words:
        told.append(t("the title says {words}", words=_listed(match.words, t)))
    if match.services:
        told.append(t("it affects {services}", services=_listed(match.services, t)))
    if match.labels:
        told.append(t("it is labelled {labels}", labels=_listed(match.labels, t)))
    if told:
        return t("because {reasons}", reasons=t(" and ").join(told))
    if match.runbook.matching.is_general:
        return t("for what no other runbook fits")
    return ""


def runbook_form(incident: Incident, found: Sequence[Match], face: Face) -> View:
    """The best ones with their reasons, and all of them to choose from."""
    t = face.t
    options = {
        match.runbook.id: blocks.option(
            match.runbook.title, match.runbook.id, because(match, t) or match.runbook.purpose
        )
        for match in found[:OPTIONS_MAX]
    }
    menu: Block = {"type": "static_select", "action_id": VALUE, "options": list(options.values())}
    best = next((each for each in found if each.signs), None)
    if best is not None and best.runbook.id != incident.runbook:
        menu["initial_option"] = options[best.runbook.id]
    now = t("*Now:* {title}", title=quoted(incident.runbook_title, TITLE_MAX))
    choice: Block = {
        "type": "input",
        "block_id": Blank.OTHER_RUNBOOK,
        "label": blocks.plain(t("Go on with"), blocks.SECTION_MAX),
        "element": menu,
        "hint": blocks.plain(
            t("What was done or skipped stays so; open steps of the old runbook go."), blocks.SECTION_MAX
        ),
    }
    return {
        "type": "modal",
        "callback_id": Form.RUNBOOK,
        "private_metadata": pack(IncidentAim(incident=incident.number)),
        "title": blocks.plain(t("Change the runbook"), TITLE_OF_MODAL_MAX),
        "submit": blocks.plain(t("Change"), TITLE_OF_MODAL_MAX),
        "close": blocks.plain(t("Cancel"), TITLE_OF_MODAL_MAX),
        "blocks": [blocks.lines(now, *_suggestions(incident, found, face)), choice],
    }


def _suggestions(incident: Incident, found: Sequence[Match], face: Face) -> list[str]:
    t = face.t
    fitting = [match for match in found if match.signs][:SUGGESTED]
    if not fitting:
        return [t("No runbook's words stand in the title.")]
    if fitting[0].runbook.id == incident.runbook:
        return [
            t("It fits best, {reason}.", reason=quoted(because(fitting[0], t), TITLE_MAX)),
            *(_suggestion(match, face) for match in fitting[1:]),
        ]
    return [_suggestion(match, face) for match in fitting]


def _suggestion(match: Match, face: Face) -> str:
    t = face.t
    return t(
        "• *{title}*, {reason}. {command}",
        title=quoted(match.runbook.title, TITLE_MAX),
        reason=quoted(because(match, t), TITLE_MAX),
        command=code(f"/incident runbook {match.runbook.id}"),
    )


def _listed(words: Sequence[str], t: Translate) -> str:
    return ", ".join(t("“{word}”", word=word) for word in words[:SIGNS_SHOWN])
