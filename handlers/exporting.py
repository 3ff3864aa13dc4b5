"""Take the whole incident along as a file: `/incident export`."""

from __future__ import annotations

from functools import partial

from bot.domain.effects import SendExport
from bot.domain.one_incident import ExportForm
from bot.domain.vocabulary import Refused
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Typed

FORMS = {
    "": ExportForm.MARKDOWN,
    "markdown": ExportForm.MARKDOWN,
    **{form.value: form for form in ExportForm},
}


def register(incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("export", partial(_export, desk))


async def _export(desk: Desk, typed: Typed) -> str:
    """To the person alone: an incident may be private, and a file in the channel rings at everybody."""
    form = FORMS.get(typed.text.casefold())
    if form is None:
        raise Refused("As what? Type `/incident export`, or `/incident export json` or `csv`.")
    here = await desk.incidents.of_channel(typed.channel)
    await desk.incidents.promise(here.number, SendExport(person=typed.actor.id, form=form), key=typed.key)
    return desk.face.t("The file comes in a direct message from me.")
