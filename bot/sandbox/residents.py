"""What people do among themselves: write, react, pin, upload, come and go, as far as Slack's client lets them."""

from __future__ import annotations

import mimetypes
import uuid

from bot.sandbox import acts, rooms
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.looking import may_see
from bot.sandbox.typed import as_sent
from bot.sandbox.workspace import Channel, File, Message, Person, Workspace

LONGEST = 12_000  # characters; Slack's client makes a file of what is longer


class Resident:
    """Somebody in the workspace. Every verb is awaited, and is what they do next."""

    def __init__(self, workspace: Workspace, person: Person) -> None:
        self.workspace = workspace
        self.person = person
        self.place: str | None = None  # the channel where they were last

    @property
    def id(self) -> str:
        return self.person.id

    def channel(self, name: str | Channel | None = None) -> Channel:
        """A channel that they may look into: by id or name, `@handle` for a direct message, None for here."""
        if isinstance(name, Channel):
            channel = name
        else:
            wanted = name or self.place or "general"
            channel = (
                self._chat_with(wanted[1:]) if wanted.startswith("@") else self.workspace.channel(wanted)
            )
        if not may_see(channel, self.person):
            raise SlackError("channel_not_found")
        return channel

    async def opens_chat(self, with_whom: str) -> Channel:
        """The direct messages with somebody."""
        found = self._chat_with(with_whom)
        self.place = found.id
        return found

    def _chat_with(self, whom: str) -> Channel:
        other = self.workspace.person(whom)
        if other.id == self.workspace.app.bot_user:
            return rooms.open_im(self.workspace, self.id)[0]
        pair = {self.id, other.id}
        for channel in self.workspace.channels.values():
            if channel.is_im and set(channel.members) == pair:
                return channel
        return self.workspace.add_channel("", creator=self.id, members=sorted(pair), is_im=True)

    def goes_to(self, channel: str | Channel | None) -> Channel:
        """Look at a channel, and be able to write in it."""
        found = self.channel(channel)
        self.place = found.id
        if found.archived:
            raise NotPossibleError(f"#{found.name} is archived.")
        if self.id not in found.members:
            raise NotPossibleError(f"{self.person.real_name} is not in #{found.name}. Join it first.")
        return found

    # messages ------------------------------------------------------

    async def says(
        self, text: str, channel: str | Channel | None = None, *, thread_ts: str | None = None
    ) -> Message:
        """Write a message, as the client sends it: mentions and links marked up, the rest escaped."""
        where = self.goes_to(channel)
        if not text.strip():
            raise NotPossibleError("An empty message cannot be sent.")
        if len(text) > LONGEST:
            raise NotPossibleError(f"A message of {len(text)} characters is longer than {LONGEST}.")
        if thread_ts is not None and thread_ts not in where.messages:
            raise NotPossibleError(f"There is no message {thread_ts!r} in #{where.name} to answer.")
        return acts.post(
            self.workspace,
            where,
            user=self.id,
            text=as_sent(text, self.workspace),
            thread_ts=thread_ts,
            client_msg_id=str(uuid.uuid4()),
        )

    async def edits(self, message: Message, text: str) -> None:
        """Change the words of an own message."""
        self._own(message)
        channel = self.workspace.channels[message.channel]
        acts.edit(self.workspace, channel, message, by=self.id, text=as_sent(text, self.workspace))

    async def deletes(self, message: Message) -> None:
        """Delete an own message, or dismiss one that only they see."""
        if message.ephemeral_for != self.id:
            self._own(message)
        acts.delete(self.workspace, self.workspace.channels[message.channel], message)

    async def reacts(self, name: str, message: Message) -> None:
        """Add an emoji to a message."""
        channel = self._seen(message)
        if self.id in message.reactions.get(name, ()):
            raise NotPossibleError(f"{self.person.real_name} has already reacted with :{name}:.")
        acts.react(self.workspace, channel, message, user=self.id, name=name.strip(":"))

    async def unreacts(self, name: str, message: Message) -> None:
        """Take an own emoji off a message."""
        channel = self._seen(message)
        if self.id not in message.reactions.get(name, ()):
            raise NotPossibleError(f"{self.person.real_name} has not reacted with :{name}:.")
        acts.unreact(self.workspace, channel, message, user=self.id, name=name)

    async def pins(self, message: Message) -> None:
        """Pin a message to its channel."""
        channel = self._seen(message)
        if any(pin["ts"] == message.ts for pin in channel.pins):
            raise NotPossibleError("This message is already pinned.")
        acts.pin(self.workspace, channel, message, user=self.id)

    async def unpins(self, message: Message) -> None:
        """Take a pin off."""
        channel = self._seen(message)
        if not any(pin["ts"] == message.ts for pin in channel.pins):
            raise NotPossibleError("This message is not pinned.")
        acts.unpin(self.workspace, channel, message, user=self.id)

    async def uploads(
        self,
        name: str,
        content: bytes,
        channel: str | Channel | None = None,
        *,
        text: str = "",
        thread_ts: str | None = None,
    ) -> Message:
        """Share a file in a channel."""
        where = self.goes_to(channel)
        file = self.picks_file(name, content)
        said = as_sent(text, self.workspace)
        return acts.share_file(self.workspace, where, [file], user=self.id, text=said, thread_ts=thread_ts)

    def picks_file(self, name: str, content: bytes) -> File:
        """Choose a file for a `file_input`: it is in Slack, and in no channel yet."""
        file = File(
            id=self.workspace.new_id("F"),
            name=name,
            title=name,
            user=self.id,
            created=int(self.workspace.clock.now()),
            mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
            content=content,
            completed=True,
            length=len(content),
        )
        self.workspace.files[file.id] = file
        return file

    # channels ------------------------------------------------------

    async def creates(self, name: str, *, is_private: bool = False) -> Channel:
        """Make a channel."""
        if any(channel.name == name for channel in self.workspace.channels.values()):
            raise NotPossibleError(f"There is a channel #{name} already.")
        return rooms.create(self.workspace, name, user=self.id, is_private=is_private)

    async def joins(self, channel: str | Channel) -> None:
        """Become a member of a public channel."""
        found = self.channel(channel)
        if found.archived:
            raise NotPossibleError(f"#{found.name} is archived.")
        if self.id in found.members:
            raise NotPossibleError(f"{self.person.real_name} is in #{found.name} already.")
        rooms.join(self.workspace, found, self.id)
        self.place = found.id

    async def leaves(self, channel: str | Channel) -> None:
        """Stop being a member."""
        rooms.leave(self.workspace, self._inside(channel), self.id)

    async def invites(self, whom: str, channel: str | Channel | None = None) -> None:
        """Bring somebody (the app, for instance) into a channel."""
        found, guest = self._inside(channel), self.workspace.person(whom)
        if guest.id in found.members:
            raise NotPossibleError(f"{guest.real_name} is in #{found.name} already.")
        rooms.join(self.workspace, found, guest.id, inviter=self.id)

    async def removes(self, whom: str, channel: str | Channel | None = None) -> None:
        """Remove somebody from a channel."""
        found, gone = self._inside(channel), self.workspace.person(whom)
        if gone.id not in found.members:
            raise NotPossibleError(f"{gone.real_name} is not in #{found.name}.")
        rooms.leave(self.workspace, found, gone.id, kicked_by=self.id)

    async def renames(self, channel: str | Channel, name: str) -> None:
        """Give a channel another name."""
        rooms.rename(self.workspace, self._inside(channel), name, user=self.id)

    async def sets_topic(self, topic: str, channel: str | Channel | None = None) -> None:
        """Say above a channel what it is about."""
        rooms.set_heading(self.workspace, self._inside(channel), "topic", topic, user=self.id)

    async def archives(self, channel: str | Channel) -> None:
        """Close a channel."""
        rooms.archive(self.workspace, self._inside(channel), user=self.id)

    async def unarchives(self, channel: str | Channel) -> None:
        """Open an archived channel again."""
        found = self.channel(channel)
        if not found.archived:
            raise NotPossibleError(f"#{found.name} is not archived.")
        rooms.unarchive(self.workspace, found, user=self.id)

    def _inside(self, channel: str | Channel | None) -> Channel:
        found = self.channel(channel)
        if self.id not in found.members:
            raise NotPossibleError(f"{self.person.real_name} is not in #{found.name}.")
        return found

    def _seen(self, message: Message) -> Channel:
        channel = self.channel(message.channel)
        if message.ephemeral_for is not None:
            raise NotPossibleError("Only you can see this message; nothing can be done to it.")
        return channel

    def _own(self, message: Message) -> None:
        if message.user != self.id:
            raise NotPossibleError(f"This message is not {self.person.real_name}'s own.")
