"""The words of the trade in the reader's language."""

from __future__ import annotations

from bot.domain.language import Said, Translate
from bot.domain.vocabulary import Milestone, Phase, Refused, Role


def phase_word(phase: Phase, t: Translate) -> str:
    """The phase's name for people."""
    match phase:
        case Phase.STABILIZE:
            return t("stabilize")
        case Phase.REPAIR:
            return t("repair")
        case Phase.PREVENT:
            return t("prevent")
        case Phase.CLOSED:
            return t("closed")


def refusal_words(refused: Refused, t: Translate) -> str:
    """A refusal in the reader's language; phases, roles and sentences in it too."""
    return t(refused.text, **{name: _word(value, t) for name, value in refused.params.items()})


def _word(value: object, t: Translate) -> object:
    match value:
        case Phase():
            return phase_word(value, t)
        case Role():
            return role_word(value, t)
        case Milestone():
            return milestone_word(value, t)
        case Said():
            return value.by(t)
    return value


def role_word(role: Role, t: Translate) -> str:
    """The role's name for people."""
    match role:
        case Role.COMMANDER:
            return t("lead")
        case Role.COMMUNICATIONS:
            return t("communications")
        case Role.SCRIBE:
            return t("scribe")
        case Role.RESPONDER:
            return t("responder")


def milestone_word(milestone: Milestone, t: Translate) -> str:
    """The milestone's name for people."""
    match milestone:
        case Milestone.IMPACT_STARTED:
            return t("impact started")
        case Milestone.DETECTED:
            return t("detected")
        case Milestone.DECLARED:
            return t("declared")
        case Milestone.ACKNOWLEDGED:
            return t("acknowledged")
        case Milestone.STABILIZED:
            return t("stabilized")
        case Milestone.REPAIRED:
            return t("repaired")
        case Milestone.CLOSED:
            return t("closed")
        case Milestone.IMPACT_ENDED:
            return t("impact ended")
