"""What happened to flags, in one line each, for the timeline and for exports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from bot.domain.away import GONE, FlagNotSwitched, FlagSwitching, Switch
from bot.domain.containing import Policy
from bot.domain.events import (
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    FlagAsked,
    FlagContained,
    FlagRestored,
)
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.language import Quote, Translate, Who
from bot.domain.reminders import FLAG_REVIEW
from bot.domain.switching import Switched


def line(event: Switched, t: Translate, who: Who, quote: Quote) -> str:
    """One event of a flag."""
    by, flag = who(event.by), quote(place_words(event.flag, event.environment))
    match event:
        case FlagContained():
            return _contained(event, t, who, quote, flag)
        case FlagRestored():
            return _restored(event, t, who, quote, flag)
        case FlagAsked():
            wanted = who(event.owner) if event.policy == Policy.OWNER else t("a second person")
            return t(
                "{who} wants the flag {flag} held at {safe} and waits for {wanted}. Reason: {reason}",
                who=by,
                flag=flag,
                safe=quote(event.safe),
                wanted=wanted,
                reason=quote(event.reason),
            )
        case ContainmentExtended():
            said = t(
                "{who} keeps the flag {flag} held; it is looked at again at {when}.",
                who=by,
                flag=flag,
                when=_utc(event.review_at),
            )
            return f"{said} {t('{owner} answers for it.', owner=who(event.owner))}" if event.owner else said
        case ContainmentLost(serves=serves) if serves == GONE:
            return t("The flag {flag} is gone: each application serves its own default.", flag=flag)
        case ContainmentLost():
            return t(
                "The flag {flag} is not held any more: it serves {serves}, changed by {who}.",
                flag=flag,
                serves=quote(event.serves),
                who=_changer(event.changed_by, who, quote) or t("somebody"),
            )
        case ContainmentEnded():
            return t(
                "{who} leaves the flag {flag} as it is for good; it belongs to {owner}. Reason: {reason}",
                who=by,
                flag=flag,
                owner=who(event.owner),
                reason=quote(event.reason),
            )
        case FlagSwitching():
            return _switching(event, t, by, flag)
        case FlagNotSwitched():
            return _not_switched(event, t, quote, flag)
        case _:
            assert_never(event)


def review_line(name: str, t: Translate, quote: Quote) -> str:
    """That it is time to look at a flag again; `name` is the reminder's."""
    environment, _, flag = name.removeprefix(FLAG_REVIEW).rpartition("#")[0].partition("/")
    return t("Reminder: look at the flag {flag} again.", flag=quote(place_words(flag, environment)))


def place_words(flag: str, environment: str) -> str:
    """A flag, with its environment where that is not the usual one."""
    return flag if environment == FIRST_ENVIRONMENT else f"{flag} ({environment})"


def _contained(event: FlagContained, t: Translate, who: Who, quote: Quote, flag: str) -> str:
    said = t(
        "{who} contained the flag {flag}: served {before}, now held at {safe}. Reason: {reason}",
        who=who(event.by),
        flag=flag,
        before=quote(event.before),
        safe=quote(event.safe),
        reason=quote(event.reason),
    )
    if event.asked_by:
        said = f"{said} {t('Asked for by {who}.', who=who(event.asked_by))}"
    return f"{said} {_alone(event.alone, t, quote)}".strip()


def _changer(person: str, who: Who, quote: Quote) -> str:
    """Somebody of ours by name; else what the back-end calls them, as untrusted as any text."""
    named = who(person)
    return named if named != person else quote(person)


def _restored(event: FlagRestored, t: Translate, who: Who, quote: Quote, flag: str) -> str:
    said = t(
        "{who} let go of the flag {flag}: it serves {serves} again.",
        who=who(event.by),
        flag=flag,
        serves=quote(event.serves),
    )
    if event.over:
        said = f"{said} {t('{who} had changed it meanwhile.', who=_changer(event.over, who, quote))}"
    return f"{said} {_alone(event.alone, t, quote)}".strip()


def _switching(event: FlagSwitching, t: Translate, by: str, flag: str) -> str:
    if event.act is Switch.CONTAIN:
        return t("{who} asks for the flag {flag} to be held; it is being done.", who=by, flag=flag)
    return t("{who} asks for the flag {flag} to be let go; it is being done.", who=by, flag=flag)


def _not_switched(event: FlagNotSwitched, t: Translate, quote: Quote, flag: str) -> str:
    why = quote(event.why)
    if event.act is Switch.CONTAIN:
        said = t("The flag {flag} was not held: {why}", flag=flag, why=why)
    else:
        said = t("The flag {flag} was not let go: {why}", flag=flag, why=why)
    return f"{said} {t('Approval was requested: {url}', url=quote(event.url))}" if event.url else said


def _alone(why: str, t: Translate, quote: Quote) -> str:
    return t("Without a second person, because: {why}", why=quote(why)) if why else ""


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
