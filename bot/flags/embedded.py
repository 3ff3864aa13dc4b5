"""The bot's own table as a back-end like any other: what is stored there is served by the bot itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from bot.domain.containing import OWNER
from bot.domain.flags import fingerprint
from bot.domain.language import Said, marked
from bot.flags.careful import CANNOT, NOT_AS_LEFT
from bot.flags.protocol import (
    ApprovalLink,
    Caps,
    Change,
    Conflict,
    FlagRef,
    FlagState,
    FlagSummary,
    Health,
    NotFound,
    Receipt,
    Unavailable,
    Unsupported,
)
from bot.storage import flag_definitions, flag_log, flag_overrides
from bot.storage.engine import Engine, StorageError, Transaction
from bot.storage.flag_definitions import Stored

EMBEDDED = "embedded"
CAPS = Caps(cas="atomic", comment=True, history=True, multivariate=True, effect_seconds=1.0)
NO_SAFE_VARIANT = Said(marked("it does not say which of its variants is safe (metadata `safeVariant`)."))
NO_ANSWER = marked("The database did not answer, so `{flag}` was not switched: {problem}")
HISTORY_MOST = 50

T = TypeVar("T")


class Embedded:
    """Compare-and-swap and reading back are one transaction here, so nothing is ever in doubt."""

    caps = CAPS

    def __init__(
        self, engine: Engine, *, team_id: str, now: Callable[[], datetime], name: str = EMBEDDED
    ) -> None:
        self.name = name
        self._engine = engine
        self._team_id = team_id
        self._now = now

    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]:
        words = query.casefold().split()
        found = await self._read(lambda transaction: flag_definitions.listed(transaction, self._team_id, env))
        states = [self._state(stored) for stored in found]
        return [
            FlagSummary(ref=s.ref, serving=s.serving, contained=s.contained, description=s.description)
            for s in states
            if all(word in f"{s.ref.key} {s.description}".casefold() for word in words)
        ][:limit]

    async def get(self, ref: FlagRef) -> FlagState:
        def body(transaction: Transaction) -> FlagState:
            state = self._state(self._known(transaction, ref))
            last = flag_log.history(transaction, self._team_id, env=ref.env, key=ref.key, limit=1)
            if not last:
                return state
            at = datetime.fromisoformat(last[0].at)
            return state.model_copy(update={"changed_by": last[0].actor, "changed_at": at})

        return await self._read(body, ref.key)

    async def contain(self, ref: FlagRef, *, actor: str, reason: str, op_id: str) -> Receipt:
        now = self._now()

        def body(transaction: Transaction) -> Receipt:
            flag_log.lock(transaction, self._team_id)
            seen = self._state(self._known(transaction, ref))
            if not seen.contained and seen.cannot is not None:
                raise Unsupported(CANNOT, flag=ref.key, backend=self.name, why=seen.cannot)
            held = flag_overrides.put_override(
                transaction,
                self._team_id,
                env=ref.env,
                key=ref.key,
                actor=actor,
                reason=reason,
                now=now,
            )
            return self._receipt(held, op_id)

        return await self._write(body, ref.key)

    async def restore(
        self, receipt: Receipt, *, actor: str, reason: str, op_id: str, force: bool = False
    ) -> Receipt:
        ref, now = receipt.before.ref, self._now()

        def body(transaction: Transaction) -> Receipt:
            flag_log.lock(transaction, self._team_id)
            current = self._state(self._known(transaction, ref))
            moved = current.fingerprint not in (receipt.before.fingerprint, receipt.after.fingerprint)
            if moved and not force:
                raise Conflict(
                    NOT_AS_LEFT, current=current, flag=ref.key, serving=current.serving, by=_by(current)
                )
            held = flag_overrides.remove_override(
                transaction,
                self._team_id,
                env=ref.env,
                key=ref.key,
                actor=actor,
                reason=reason,
                now=now,
                expected=None,
            )
            return self._receipt(held, op_id)

        return await self._write(body, ref.key)

    async def history(self, ref: FlagRef, since: datetime) -> list[Change]:
        found = await self._read(
            lambda transaction: flag_log.history(
                transaction, self._team_id, env=ref.env, key=ref.key, since=since, limit=HISTORY_MOST
            )
        )
        return [
            Change(
                at=datetime.fromisoformat(each.at),
                by=each.actor,
                what=f"{each.kind.value}: {each.before} → {each.after}",
                event_id=str(each.seq),
            )
            for each in found
        ]

    async def request_approval(self, ref: FlagRef, *, actor: str, reason: str) -> ApprovalLink:
        raise Unsupported(
            marked("{backend} has no review to ask for; nothing was requested."), backend=self.name
        )

    async def health(self) -> Health:
        try:
            await self._answers()
        except Unavailable as error:
            return Health(reachable=False, said=str(error))
        return Health(reachable=True)

    def _known(self, transaction: Transaction, ref: FlagRef) -> Stored:
        found = flag_definitions.find(transaction, self._team_id, ref.env, ref.key)
        if found is None:
            raise NotFound(
                marked("{backend} has no flag `{flag}` in {environment}; nothing was switched."),
                backend=self.name,
                flag=ref.key,
                environment=ref.env,
            )
        return found

    def _state(self, stored: Stored) -> FlagState:
        held, definition = stored.override, stored.definition
        return FlagState(
            ref=FlagRef(self.name, "", stored.env, stored.key),
            serving=definition.serves if held is None else held.variant,
            contained=held is not None and held.variant == definition.safe,
            version=stored.token,
            fingerprint=fingerprint([definition.fingerprint, held and held.variant]),
            safe=definition.safe or "",
            snapshot={"definition": definition.data},
            cannot=None if definition.safe else NO_SAFE_VARIANT,
            description=definition.description,
            owner=str(definition.metadata.get(OWNER, "")),
        )

    def _receipt(self, held: flag_overrides.Held, op_id: str) -> Receipt:
        before, after = self._state(held.before), self._state(held.after)
        return Receipt(before=before, after=after, changed=held.changed, op_id=op_id)

    async def _answers(self, flag: str = "") -> None:
        await self._read(lambda transaction: flag_log.revision(transaction, self._team_id, ""), flag)

    async def _read(self, body: Callable[[Transaction], T], flag: str = "") -> T:
        try:
            return await self._engine.read(body)
        except StorageError as error:
            raise Unavailable(NO_ANSWER, flag=flag, problem=str(error)) from error

    async def _write(self, body: Callable[[Transaction], T], flag: str) -> T:
        await self._answers(flag)  # what is down before the write has not done it
        try:
            return await self._engine.write(body)
        except StorageError as error:
            raise Unavailable(NO_ANSWER, maybe_applied=True, flag=flag, problem=str(error)) from error


def _by(state: FlagState) -> str:
    return f" ({state.changed_by})" if state.changed_by else ""
