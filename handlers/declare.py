"""Declare an incident: `/incident P0 <title>`, the form, and the shortcut that opens it."""

from __future__ import annotations

import contextlib
import re
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.rules.declaring import Misdated
from bot.domain.vocabulary import Refused, Severity
from bot.slack.adopting import adoptable
from bot.slack.declaring import declare_form, source_of, title_from
from bot.slack.ids import Blank, Form, Origin, Shortcut
from bot.slack.modals import View
from bot.slack.text import cut, quoted, without_mentions
from bot.storage.engine import StorageError
from bot.storage.incidents import Outcome
from handlers.answers import plain_refusal_of, show_form, tell
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import (
    Body,
    Typed,
    actor_of,
    chosen,
    chosen_moment,
    chosen_several,
    chosen_severity,
    filled,
    form_key,
    travelled,
)

WORD_SHOWN = 40  # of what stood where a severity belongs
TITLE_SHOWN = 120  # of the title in a suggestion to type
TITLE_IN_ANSWER = 300  # a title has at most 150 characters; escaping makes some of them longer

# `sev1`, `S1`, `prio-1`, `p9`, and `P 0` or `sev 1` as two words
_LIKE_A_SEVERITY = re.compile(r"(?i)(?:sev(?:erity)?|s|p|prio(?:rity)?)[-_ ]?(\d{1,3})[:,.]?(?:\s+|$)")
FORM_DID_NOT_OPEN = Refused(
    "Slack did not open the form, so nothing was declared. Type `/incident P1 <title>` instead."
)

HOW_BAD = Refused("How bad is it? Nothing was declared yet. Type `/incident private P1 <title>`.")

HOW_BAD_HERE = Refused("How bad is it? Nothing was declared yet. Type `/incident adopt P1 <title>`.")


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("", partial(_open_form, desk, None))
    for severity in Severity:
        incident.verb(severity.value.casefold(), partial(_declare, desk, severity))
    incident.verb("adopt", partial(_adopt, desk))
    incident.verb("private", partial(_declare_privately, desk))
    incident.otherwise(partial(_explain, incident))

    @app.shortcut(Shortcut.DECLARE)
    async def shortcut(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        with contextlib.suppress(Refused):  # it is logged; a shortcut has no place where it could be told
            await show_form(client, body["trigger_id"], _form(desk, Origin()), FORM_DID_NOT_OPEN)
        await ack()

    @app.shortcut(Shortcut.DECLARE_FROM_MESSAGE)
    async def from_message(ack: AsyncAck, body: Body, client: AsyncWebClient, respond: AsyncRespond) -> None:
        source = source_of(body)
        origin = Origin(response_url=body.get("response_url"), source=source)
        form = declare_form(
            desk.face, origin, runbooks=desk.incidents.runbooks, title=title_from(source.text)
        )
        try:
            await show_form(client, body["trigger_id"], form, FORM_DID_NOT_OPEN)
        except Refused as refused:
            await tell(respond, desk.face.refusal(refused))
        await ack()

    @app.view(Form.DECLARE)
    async def submitted(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        try:
            origin = travelled(Origin, body)
            outcome = await _submit(desk, body, origin, client)
        except (Refused, StorageError) as error:
            said = plain_refusal_of(desk.face, error)
            await ack(response_action="errors", errors={_blank(error): said})
            return
        # A form has no place for an answer; the command that opened it left an address for one.
        respond = AsyncRespond(response_url=origin.response_url, proxy=client.proxy, ssl=client.ssl)
        await tell(respond, _declared(desk, outcome))
        await ack()


async def _declare(desk: Desk, severity: Severity, typed: Typed) -> str:
    if not typed.text:
        return await _open_form(desk, severity, typed)
    title = without_mentions(typed.text)
    outcome = await desk.incidents.declare(typed.actor, title=title, severity=severity, key=typed.key)
    return _declared(desk, outcome)


async def _declare_privately(desk: Desk, typed: Typed) -> str:
    """`/incident private P1 <title>`, as drills are declared."""
    word, _, title = without_mentions(typed.text).partition(" ")
    try:
        severity = Severity(word.upper().rstrip(":,"))
    except ValueError:
        raise HOW_BAD from None
    outcome = await desk.incidents.declare(
        typed.actor,
        title=title,
        severity=severity,
        key=typed.key,
        affected=desk.face.landscape.affected((), ()),
        private=True,
    )
    return _declared(desk, outcome)


async def _adopt(desk: Desk, typed: Typed) -> str:
    """`/incident adopt P1 <title>`, or alone for the form: the channel where it is typed becomes the incident's."""
    adopts = await adoptable(typed.client, typed.channel, desk.face.announcements)
    word, _, title = without_mentions(typed.text).partition(" ")
    if not word:
        origin = Origin(response_url=typed.response_url, adopts=adopts.channel)
        form = declare_form(
            desk.face, origin, runbooks=desk.incidents.runbooks, title=adopts.name.replace("-", " ")
        )
        await show_form(typed.client, typed.trigger_id, form, FORM_DID_NOT_OPEN)
        return ""
    try:
        severity = Severity(word.upper().rstrip(":,"))
    except ValueError:
        raise HOW_BAD_HERE from None
    affected = desk.face.landscape.affected((), ())
    outcome = await desk.incidents.declare(
        typed.actor,
        title=title or adopts.name.replace("-", " "),
        severity=severity,
        key=typed.key,
        affected=affected,
        adopts=adopts,
    )
    return _declared(desk, outcome)


async def _submit(desk: Desk, body: Body, origin: Origin, client: AsyncWebClient) -> Outcome:
    severity = chosen_severity(body)
    if severity is None:
        raise Refused("Choose how bad it is; in doubt the worse one.")
    adopts = await adoptable(client, origin.adopts, desk.face.announcements) if origin.adopts else None
    began = chosen_moment(body, Blank.BEGAN)
    return await desk.incidents.declare(
        actor_of(body),
        title=without_mentions(filled(body, Blank.TITLE)),
        severity=severity,
        key=form_key(body),
        impact=None if began is None else (began, None),
        affected=desk.face.landscape.affected(
            chosen_several(body, Blank.SERVICES), chosen_several(body, Blank.PATHS)
        ),
        runbook=chosen(body, Blank.RUNBOOK),
        private=bool(chosen_several(body, Blank.PRIVATE)),
        source=origin.source,
        adopts=adopts,
    )


def _blank(error: Refused | StorageError) -> Blank:
    """Where in the form a refusal is shown."""
    return Blank.BEGAN if isinstance(error, Misdated) else Blank.TITLE


def _form(desk: Desk, origin: Origin, severity: Severity | None = None) -> View:
    return declare_form(desk.face, origin, severity, desk.incidents.runbooks)


def _declared(desk: Desk, outcome: Outcome) -> str:
    incident = outcome.incident
    if incident.adopts is not None:
        said = desk.face.t(
            "{incident} is declared as *{severity}*: {title}. {channel} is its channel now.",
            incident=incident.name,
            severity=incident.severity.value,
            title=quoted(incident.title.rstrip("."), TITLE_IN_ANSWER),
            channel=f"<#{incident.adopts.channel}>",
        )
        alone = desk.face.t("It is private: only whoever is in there hears of it.")
        return f"{said} {alone}" if incident.private else said
    if incident.private:
        return desk.face.t(
            "{incident} is declared as *{severity}*, in private: {title}. Its channel opens now and you are "
            "invited. Nobody else sees it: invite there whoever has to help.",
            incident=incident.name,
            severity=incident.severity.value,
            title=quoted(incident.title.rstrip("."), TITLE_IN_ANSWER),
        )
    return desk.face.t(
        "{incident} is declared as *{severity}*: {title}. Its channel opens now and you are invited. "
        "Take the lead there, or leave it to somebody who can.",
        incident=incident.name,
        severity=incident.severity.value,
        title=quoted(incident.title.rstrip("."), TITLE_IN_ANSWER),
    )


async def _open_form(desk: Desk, severity: Severity | None, typed: Typed) -> str:
    """Opens the form; the answer to the command is the form itself."""
    form = _form(desk, Origin(response_url=typed.response_url), severity)
    await show_form(typed.client, typed.trigger_id, form, FORM_DID_NOT_OPEN)
    return ""


async def _explain(incident: Router, typed: Typed) -> str:
    """What begins with no verb: a severity in another house's words, a mistyped verb, or just a title."""
    raise _meant(incident, without_mentions(typed.text))


def _meant(incident: Router, text: str) -> Refused:
    """One sentence that says what to type, with what was typed already in it."""
    numbered = _LIKE_A_SEVERITY.match(text)
    if numbered is not None:
        return _meant_severity(text, numbered)
    word = text.split(maxsplit=1)[0]
    declare = _as_typed(Severity.P1, text)
    if incident.nearest(word) is not None:
        return Refused(
            "There is no `/incident {word}`, so nothing was done. Did you mean `/incident {meant}`? "
            "To declare an incident say how bad it is: `{declare}`.",
            word=cut(word, WORD_SHOWN),
            meant=incident.nearest(word),
            declare=declare,
        )
    return Refused(
        "How bad is it? Nothing was declared yet. Type `{declare}`, with P0 for the worst and P4 for the "
        "least, or `/incident` alone for a form.",
        declare=declare,
    )


def _meant_severity(text: str, numbered: re.Match[str]) -> Refused:
    said, number, title = numbered[0].strip(), int(numbered[1]), text[numbered.end() :]
    if number < len(Severity):
        return Refused(
            "`{said}` is no severity here, so nothing was declared. Did you mean `{declare}`? "
            "They go from P0, the worst, to P4.",
            said=said,
            declare=_as_typed(list(Severity)[number], title),
        )
    return Refused(
        "There is no severity `{said}`, so nothing was declared. They go from P0, the worst, to P4: "
        "`{declare}`.",
        said=said,
        declare=_as_typed(Severity.P1, title),
    )


def _as_typed(severity: Severity, title: str) -> str:
    """The command to type; it stands in a code span, which a backtick would end."""
    title = cut(" ".join(title.split()), TITLE_SHOWN).replace("`", "'")
    return f"/incident {severity.value} {title or '<title>'}"
