"""Which channels may become an incident's, by what Slack says of them."""

from __future__ import annotations

import pytest

from bot.domain.beginning import Adopted
from bot.domain.vocabulary import Refused
from bot.slack.adopting import fitting

ROOM = {"id": "C1", "name": "payments-war-room", "is_channel": True, "is_member": False}


def test_a_channel_of_people_s_own_may() -> None:
    assert fitting(ROOM, "incidents") == Adopted(channel="C1", name="payments-war-room")


def test_a_private_one_makes_a_private_incident_where_the_bot_is_in_it() -> None:
    assert fitting({**ROOM, "is_private": True, "is_member": True}, "incidents").private
    with pytest.raises(Refused, match=r"Invite me with `/invite @firebreak`"):
        fitting({**ROOM, "is_private": True}, "incidents")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"is_im": True}, "direct message"),
        ({"is_mpim": True, "is_private": True, "is_member": True}, "direct message"),
        ({"is_archived": True}, "archived"),
        ({"is_ext_shared": True}, "shared"),
        ({"is_pending_ext_shared": True}, "shared"),
        ({"is_org_shared": True}, "shared"),
        ({"is_general": True}, "Everybody reads"),
        ({"name": "incidents"}, "Everybody reads"),
    ],
)
def test_what_may_not_is_refused_in_a_sentence(said: dict[str, object], why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        fitting({**ROOM, **said}, "#incidents")
    assert "nothing was declared" in refused.value.text
