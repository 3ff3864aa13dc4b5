"""That an incident looks like an earlier one, and why. Always a guess from what was written down; never a claim."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from bot.domain.happened import Happened
from bot.domain.language import Quote, Translate
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import incident_name


class Sign(StrEnum):
    """What two incidents may have in common. The values are stored."""

    SERVICE = "service"
    PATH = "path"
    CAUSE = "cause"
    TITLE = "title"


class Reason(Frozen):
    """`what` is the service, the path or the cause; empty for the title."""

    sign: Sign
    what: str = ""


class Earlier(Frozen):
    """The earlier incident as it stood when it was pointed out: what worked, and what was still to do."""

    number: int
    title: str
    because: tuple[Reason, ...]
    channel: str | None = None
    url: str = ""
    worked: str = ""
    still_open: tuple[str, ...] = ()


class LikenessFound(Happened):
    """Earlier incidents that this one looks like, the likest first."""

    type: Literal["likeness_found"] = "likeness_found"
    earlier: tuple[Earlier, ...]


def because_words(reasons: tuple[Reason, ...], t: Translate, quote: Quote) -> str:
    """`both hit payments-api and payment, and the titles are alike`."""
    hit = [quote(each.what) for each in reasons if each.sign in (Sign.SERVICE, Sign.PATH)]
    causes = [quote(each.what) for each in reasons if each.sign is Sign.CAUSE]
    parts = []
    if hit:
        parts.append(t("both hit {what}", what=", ".join(dict.fromkeys(hit))))
    if causes:
        parts.append(t("both came from {cause}", cause=", ".join(causes)))
    if any(each.sign is Sign.TITLE for each in reasons):
        parts.append(t("the titles are alike"))
    return ", ".join(parts)


def likeness_line(event: LikenessFound, t: Translate, quote: Quote) -> str:
    """For the timeline: each earlier incident with its reasons."""
    return "\n".join(
        t(
            "Looks like {earlier} ({title}), because {reasons}.",
            earlier=incident_name(each.number),
            title=quote(each.title),
            reasons=because_words(each.because, t, quote),
        )
        for each in event.earlier
    )
