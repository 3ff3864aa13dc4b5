"""Who is reading: the names, links and clock times that this person would see. Knows no HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.sandbox import looking
from bot.sandbox.workspace import Channel, Person, Workspace

DATE_TOKEN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Reader:
    """One person looking at one workspace at one moment."""

    workspace: Workspace
    person: Person
    now: float

    # where things are ------------------------------------------------

    def url(self, **place: str | None) -> str:
        """The page's address for this person: `channel`, `thread`, `app`, as given; None leaves one out."""
        query = {"as": self.person.handle, **{key: value for key, value in place.items() if value}}
        return f"/?{urlencode(query)}"

    # names -----------------------------------------------------------

    def user(self, user_id: str) -> str | None:
        """How a person is called in a mention."""
        person = self.workspace.people.get(user_id)
        return person.real_name if person else None

    def sees(self, channel: Channel) -> bool:
        """Whether this person may look into a channel."""
        return looking.may_see(channel, self.person)

    def channel(self, channel_id: str) -> Channel | None:
        """A channel that this person may know the name of."""
        channel = self.workspace.channels.get(channel_id)
        return channel if channel and self.sees(channel) else None

    def group(self, group_id: str) -> str | None:
        """The handle of a user group."""
        group = self.workspace.groups.get(group_id)
        return group.handle if group else None

    # times -----------------------------------------------------------

    @property
    def zone(self) -> ZoneInfo | None:
        """The person's time zone; None (then UTC) when the machine does not know it."""
        try:
            return ZoneInfo(self.person.tz)
        except (ZoneInfoNotFoundError, ValueError):
            return None

    def local(self, seconds: float) -> datetime | None:
        """A moment on this person's clock; None when no calendar has it."""
        try:
            return datetime.fromtimestamp(seconds, self.zone or UTC)
        except (OverflowError, ValueError, OSError):
            return None

    def day(self, moment: datetime) -> str:
        """The name of a day as a date line shows it: Today, Yesterday, or the date."""
        today = self.local(self.now)
        if today is not None:
            distance = (moment.date() - today.date()).days
            near = {0: "Today", -1: "Yesterday", 1: "Tomorrow"}.get(distance)
            if near:
                return near
        year = "" if today and today.year == moment.year else f" {moment.year}"
        return f"{moment:%A}, {moment.day} {moment:%B}{year}"

    def date(self, seconds: float, pattern: str) -> str | None:
        """`<!date^…>` with its tokens filled in; None when the moment or a token is unknown."""
        moment = self.local(seconds)
        if moment is None:
            return None
        unknown = False

        def fill(match: re.Match[str]) -> str:
            nonlocal unknown
            text = self._date_token(match[1], moment)
            unknown = unknown or text is None
            return text or ""

        filled = DATE_TOKEN.sub(fill, pattern)
        return None if unknown else filled

    def _date_token(self, token: str, moment: datetime) -> str | None:
        month_day = f"{moment:%B} {moment.day}{ordinal(moment.day)}"
        texts = {
            "date_num": f"{moment:%Y-%m-%d}",
            "date_slash": f"{moment:%m/%d/%Y}",
            "date": f"{month_day}, {moment.year}",
            "date_short": f"{moment:%b} {moment.day}, {moment.year}",
            "date_long": f"{moment:%A}, {month_day}, {moment.year}",
            "day_divider_pretty": self.day(moment),
            "time": f"{moment:%H:%M}",
            "time_secs": f"{moment:%H:%M:%S}",
            "ago": ago(self.now - moment.timestamp()),
        }
        if token.endswith("_pretty") and token.removesuffix("_pretty") in texts:
            near = self.day(moment)
            is_near = near in {"Today", "Yesterday", "Tomorrow"}
            return near.lower() if is_near else texts[token.removesuffix("_pretty")]
        return texts.get(token)


def ordinal(day: int) -> str:
    """The English ending of a day's number: 1st, 2nd, 3rd, 4th, 11th."""
    if 11 <= day % 100 <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def ago(seconds: float) -> str:
    """A distance in time as people say it."""
    ahead = seconds < 0
    length = timedelta(seconds=abs(seconds)).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if length >= size:
            count = int(length // size)
            words = f"{count} {name}{'s' if count != 1 else ''}"
            return f"in {words}" if ahead else f"{words} ago"
    return "in a moment" if ahead else "just now"
