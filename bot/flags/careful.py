"""The order in which every back-end is asked: look, write, read back; one at a time for each flag.

A back-end of its own says how to read, how to hold and how to bring back; here is what they have in common.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from datetime import datetime
from weakref import WeakValueDictionary

from bot.domain.language import marked
from bot.flags.protocol import (
    ApprovalLink,
    ApprovalRequired,
    Caps,
    Change,
    Conflict,
    FlagRef,
    FlagState,
    FlagSummary,
    Health,
    Receipt,
    Unavailable,
    Unsupported,
)

CANNOT = marked("`{flag}` cannot be held in {backend}: {why} Nothing was switched.")
WANTS_APPROVAL = marked(
    "{backend} wants changes of `{flag}` in {environment} approved; nothing was switched."
)
NOT_AS_LEFT = marked(
    "`{flag}` is not as it was left: it serves {serving} now{by}. Nothing was switched; look at it, then "
    "undo it by force if that is meant."
)
NOT_READ_BACK = marked(
    "{backend} took the change of `{flag}`, but it reads back as {serving}. It is being checked; look at it in "
    "{backend}."
)


class Careful(ABC):
    """A back-end by its three verbs: `get`, `_hold` and `_bring_back`."""

    caps: Caps

    def __init__(self, name: str) -> None:
        self.name = name
        self._locks: WeakValueDictionary[FlagRef, asyncio.Lock] = WeakValueDictionary()

    @abstractmethod
    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]: ...

    @abstractmethod
    async def get(self, ref: FlagRef) -> FlagState: ...

    @abstractmethod
    async def health(self) -> Health: ...

    @abstractmethod
    async def _hold(self, before: FlagState, *, actor: str, reason: str, op_id: str) -> None:
        """Write so that nobody gets the risky value."""

    @abstractmethod
    async def _bring_back(
        self, receipt: Receipt, current: FlagState, *, actor: str, reason: str, op_id: str
    ) -> None:
        """Write `receipt.before` again; `current` is `receipt.after`, or is overwritten because that was asked."""

    async def history(self, ref: FlagRef, since: datetime) -> list[Change]:
        return []

    async def request_approval(self, ref: FlagRef, *, actor: str, reason: str) -> ApprovalLink:
        raise Unsupported(
            marked("{backend} has no review to ask for; nothing was requested."), backend=self.name
        )

    async def contain(self, ref: FlagRef, *, actor: str, reason: str, op_id: str) -> Receipt:
        async with self._alone(ref):
            before = await self.get(ref)
            if before.contained:
                return Receipt(before=before, after=before, changed=False, op_id=op_id)
            if before.cannot is not None:
                raise Unsupported(CANNOT, flag=ref.key, backend=self.name, why=before.cannot)
            if before.needs_approval:
                raise ApprovalRequired(WANTS_APPROVAL, backend=self.name, flag=ref.key, environment=ref.env)
            await self._hold(before, actor=actor, reason=reason, op_id=op_id)
            after = await self._read_back(ref)
            if not after.contained:
                raise self._not_so(after)
            raced = await self._raced(before, after)
            return Receipt(before=before, after=after, changed=True, op_id=op_id, raced=raced)

    async def restore(
        self, receipt: Receipt, *, actor: str, reason: str, op_id: str, force: bool = False
    ) -> Receipt:
        ref, wanted = receipt.before.ref, receipt.before.fingerprint
        async with self._alone(ref):
            current = await self.get(ref)
            if current.fingerprint == wanted:
                return Receipt(before=current, after=current, changed=False, op_id=op_id)
            if current.fingerprint != receipt.after.fingerprint and not force:
                raise self.conflict(current)
            if current.needs_approval:
                raise ApprovalRequired(WANTS_APPROVAL, backend=self.name, flag=ref.key, environment=ref.env)
            await self._bring_back(receipt, current, actor=actor, reason=reason, op_id=op_id)
            after = await self._read_back(ref)
            if after.fingerprint != wanted and not force:
                raise self._not_so(after)
            raced = await self._raced(current, after)
            return Receipt(before=current, after=after, changed=True, op_id=op_id, raced=raced)

    def conflict(self, current: FlagState) -> Conflict:
        """It is not as we left it."""
        by = f" ({current.changed_by})" if current.changed_by else ""
        return Conflict(NOT_AS_LEFT, current=current, flag=current.ref.key, serving=current.serving, by=by)

    async def _raced(self, before: FlagState, after: FlagState) -> bool:
        """Whether somebody else changed it between the two, where the vendor's history tells."""
        return False

    async def _read_back(self, ref: FlagRef) -> FlagState:
        """After a write even a failed read leaves open what is so."""
        try:
            return await self.get(ref)
        except Unavailable as error:
            raise Unavailable(error.text, maybe_applied=True, **error.params) from error

    def _not_so(self, after: FlagState) -> Unavailable:
        return Unavailable(
            NOT_READ_BACK,
            maybe_applied=True,
            backend=self.name,
            flag=after.ref.key,
            serving=after.serving,
        )

    def _alone(self, ref: FlagRef) -> asyncio.Lock:
        """Four clicks at once would each read ON and each believe that they switched it."""
        return self._locks.setdefault(ref, asyncio.Lock())
