"""Why something cannot be carried out in Slack as things are: what is so, and what to do.

It is stored and logged in English, as all that machines keep is; `reason_words` says it in the reader's language.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Mapping

from bot.domain.language import Translate, marked

# https://docs.slack.dev/reference/methods: refusals that repeating does not change, by Slack's names.
HOPELESS: Mapping[str, str] = {
    "account_inactive": marked("The bot's account is switched off. Reinstall the app."),
    "cannot_dm_bot": marked("This is an app: Slack does not let the bot write to it."),
    "cant_invite": marked("Slack does not let the bot invite this person."),
    "channel_not_found": marked(
        "The channel is gone, or the bot cannot see it. Invite the bot with /invite."
    ),
    "invalid_auth": marked(
        "Slack no longer accepts the bot's token. Reinstall the app and set SLACK_BOT_TOKEN."
    ),
    "invalid_blocks": marked(
        "Slack refused the layout of a message. This is a mistake in Firebreak; report it."
    ),
    "is_archived": marked("The channel is archived. Unarchive it."),
    "missing_scope": marked(
        "The app lacks a permission ({needed}). Update its manifest (firebreak manifest), reinstall."
    ),
    "msg_too_long": marked("Slack refused a message as too long. This is a mistake in Firebreak; report it."),
    "not_in_channel": marked("The bot is not in the channel. Invite it with /invite."),
    "permission_denied": marked("The workspace's settings do not allow this to the bot."),
    "restricted_action": marked("The workspace's settings do not allow this to the bot."),
    "too_many_bookmarks": marked("The channel has as many bookmarks as Slack allows. Remove one of them."),
    "too_many_tabs": marked("The channel has as many tabs as Slack allows. Remove one of them."),
    "token_revoked": marked("The bot's token was revoked. Reinstall the app and set SLACK_BOT_TOKEN."),
    "user_disabled": marked("The person's account is switched off."),
    "user_is_restricted": marked("The person is a guest who cannot be invited."),
    "user_not_found": marked("There is no such person in the workspace any more."),
    "user_not_in_team": marked("There is no such person in the workspace any more."),
}
NO_CHANNEL = marked(
    "There is no channel #{channel}, or the bot cannot see it. "
    "Create it or invite the bot, or name another one in firebreak.toml."
)
NAMES_TAKEN = marked("The channel names from {name} on are taken. Rename one of them.")
NO_GROUP = marked(
    "There is no user group {group}, so nobody on call was invited. Correct it in firebreak.toml."
)
REASONS = (*dict.fromkeys(HOPELESS.values()), NO_CHANNEL, NAMES_TAKEN, NO_GROUP)


def reason_words(reason: str, t: Translate) -> str:
    """A reason as it was stored, in the language of `t`; one that nobody knows here stays as it is."""
    for template in REASONS:
        found = _pattern(template).fullmatch(reason)
        if found is not None:
            return t(template, **found.groupdict())
    return reason


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    """What the template is once its blanks are filled."""
    parts = [
        re.escape(text) + (f"(?P<{blank}>.+)" if blank else "")
        for text, blank, _, _ in string.Formatter().parse(template)
    ]
    return re.compile("".join(parts), re.DOTALL)
