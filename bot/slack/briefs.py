"""What a role means, told in private to whoever takes it: a few orders that can be followed half asleep."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.naming import role_word
from bot.domain.vocabulary import Role
from bot.slack import blocks
from bot.slack.face import Drawing, Face
from bot.slack.text import code, quoted

TITLE_IN_LINE = 200  # a title has 150 characters; escaping makes some of them longer


def brief(incident: Incident, role: Role, face: Face) -> Drawing:
    """The direct message to somebody who has `role` now."""
    t = face.t
    where = f"<#{incident.channel}>" if incident.channel else incident.name
    headline = t(
        "*{incident}: you have the role {role}.* {severity} {title}, in {where}",
        incident=incident.name,
        role=role_word(role, t),
        severity=incident.severity.value,
        title=quoted(incident.title, TITLE_IN_LINE),
        where=where,
    )
    told = [f"• {line}" for line in _orders(role, face)]
    return Drawing([blocks.section(headline), blocks.lines(*told)], blocks.notification(headline))


def _orders(role: Role, face: Face) -> list[str]:
    t = face.t
    match role:
        case Role.COMMANDER:
            return [
                t("You decide and you ask; others type. Say out loud who does what."),
                t(
                    "Follow the checklist pinned in the channel; stop the damage before you look for the cause."
                ),
                t("Give away the rest: {command}", command=code(t("/incident assign scribe @name"))),
                t("Tired, or needed elsewhere? {command}", command=code(t("/incident handover @name"))),
            ]
        case Role.COMMUNICATIONS:
            return [
                t("You speak to everybody who waits, so that nobody asks those who work."),
                t("Say what is so, what we do, and when you speak again; then speak again by then."),
                t("Promise no time of repair, and name no cause that is not proven."),
            ]
        case Role.SCRIBE:
            return [
                t(
                    "Write down what is seen, tried and decided: {command}",
                    command=code(t("/incident note <text>")),
                ),
                t("Ask when you do not understand; what you cannot follow nobody will later."),
                t(
                    "Steps and switches write themselves into the timeline: look with {command}",
                    command=code("/incident timeline"),
                ),
            ]
        case Role.RESPONDER:
            return [
                t("Take one step of the checklist, say so in the channel, and press *Done* when it is."),
                t("Change nothing in production without saying it first."),
                t(
                    "What you find goes into the timeline: {command}",
                    command=code(t("/incident note <text>")),
                ),
            ]
