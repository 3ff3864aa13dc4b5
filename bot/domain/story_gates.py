"""What was answered at the end of a phase, what was left open, and the action items: told as sentences."""

from __future__ import annotations

from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ActionItemReopened,
    GateAnswered,
    GateOverridden,
)
from bot.domain.incident import Incident
from bot.domain.language import Quote, Translate, Who, as_it_is, stopped
from bot.domain.naming import phase_word
from bot.domain.questions import ActionItem, Proof
from bot.domain.vocabulary import Phase


def gate_line(event: GateAnswered | GateOverridden, t: Translate, who: Who, quote: Quote) -> str:
    by, phase = who(event.by), phase_word(event.phase, t)
    match event:
        case GateAnswered():
            said = answer_lines(event, t, who, quote)
            return "\n".join([t("{who} answered for phase {phase}:", who=by, phase=phase), *said])
        case GateOverridden():
            open_ = [*event.steps, *(question_words(question, t) for question in event.questions)]
            return t(
                "{who} left phase {phase} unverified. Reason: {reason} Open: {open}",
                who=by,
                phase=phase,
                reason=quote(stopped(event.reason)),
                open=quote("; ".join(open_)) or t("nothing"),
            )


def answer_lines(event: GateAnswered, t: Translate, who: Who, quote: Quote) -> list[str]:
    """One line an answer: what it is about, and what was said."""
    told = []
    for answer in event.answers:
        label = question_words(answer.question, t)
        about = who(answer.about) if answer.question is Proof.ALERT else quote(answer.about)
        if answer.question in (Proof.PATHS, Proof.OWN):
            label = about
        elif about:
            label = f"{label} ({about})"
        told.append(f"- {label}: {quote(answer.text)}")
    return told


def question_words(question: Proof, t: Translate) -> str:
    """The exit question in two or three words."""
    match question:
        case Proof.PATHS:
            return t("paths that work again")
        case Proof.ROOT_CAUSE:
            return t("root cause")
        case Proof.FIX:
            return t("fix")
        case Proof.REGRESSION_TEST:
            return t("regression test")
        case Proof.ALERT:
            return t("alert")
        case Proof.RUNBOOK:
            return t("runbook")
        case Proof.OBJECTIVE:
            return t("objective")
        case Proof.KNOWLEDGE:
            return t("knowledge handed over")
        case Proof.NO_ACTION_ITEM:
            return t("no action item needed")
        case Proof.OWN:
            return t("the runbook's question")


def unverified_words(incident: Incident, t: Translate) -> str:
    """`left unverified: stabilize`, or nothing."""
    phases = [phase_word(phase, t) for phase in Phase if phase in incident.unverified]
    return t("left unverified: {phases}", phases=", ".join(phases)) if phases else ""


def action_item_line(item: ActionItem, t: Translate, who: Who, quote: Quote = as_it_is) -> str:
    """`2. Alert on retries — Bo, due 2026-12-01`."""
    text = t(
        "{number}. {text} — {owner}, due {due}",
        number=item.number,
        text=quote(item.text),
        owner=who(item.owner),
        due=item.due.isoformat(),
    )
    return t("{item} (done)", item=text) if item.done_at is not None else text


def item_line(
    event: ActionItemAdded | ActionItemDone | ActionItemReopened, t: Translate, who: Who, quote: Quote
) -> str:
    by, number, text = who(event.by), event.number, quote(event.text)
    match event:
        case ActionItemAdded():
            return t(
                "{who} added action item {number} for {owner}, due {due}: {text}",
                who=by,
                number=number,
                owner=who(event.owner),
                due=event.due.isoformat(),
                text=text,
            )
        case ActionItemDone():
            return t("{who} did action item {number}: {text}", who=by, number=number, text=text)
        case ActionItemReopened():
            return t("{who} opened action item {number} again: {text}", who=by, number=number, text=text)
