"""What becomes of text that a person types: mentions, channels and special characters as Slack sends them."""

from __future__ import annotations

import re

from bot.sandbox.errors import SlackError
from bot.sandbox.workspace import Workspace

WORD = re.compile(r"(?<![\w<])([@#])([\w.-]*\w)")
LINK = re.compile(
    r"(https?://(?:&amp;|[^\s<>|&])*(?:[^\s<>|&.,;:!?)'\"]|(?<=&amp;)))"
)  # no full stop at its end
EVERYBODY = {"here", "channel", "everyone"}


def as_sent(text: str, workspace: Workspace, *, labels: bool = False) -> str:
    """`@ana see #general` as `<@U01ANA> see <#C00000001|general>`.

    With `labels`, people are written `<@U01ANA|ana>`: so does Slack in a slash command's escaped text.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    pieces = LINK.split(escaped)  # words and links in turn
    for number in range(0, len(pieces), 2):
        pieces[number] = WORD.sub(lambda found: _reference(found, workspace, labels), pieces[number])
    pieces[1::2] = [f"<{link}>" for link in pieces[1::2]]
    return "".join(pieces)


def _reference(found: re.Match[str], workspace: Workspace, labels: bool) -> str:
    sign, name = found[1], found[2]
    try:
        if sign == "#":
            channel = workspace.channel(name)
            return f"<#{channel.id}|{channel.name}>"
        if name in EVERYBODY:
            return f"<!{name}>"
        group = next((g for g in workspace.groups.values() if g.handle == name), None)
        if group is not None:
            return f"<!subteam^{group.id}|@{group.handle}>" if labels else f"<!subteam^{group.id}>"
        person = workspace.person(name)
    except SlackError:
        return found[0]
    return f"<@{person.id}|{person.handle}>" if labels else f"<@{person.id}>"
