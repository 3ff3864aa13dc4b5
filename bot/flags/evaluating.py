"""One flag and its answer, evaluated by flagd's own reference evaluator and written as OFREP wants it.

Client libraries are strict where the protocol is not: `value`, `reason` and `variant` are always there, a number
of a flag with fractions is written with its point, and `DEFAULT`, which the protocol does not know, is `STATIC`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.flags.reads import likeness, names_read

# What rules do on values nobody expected of a context; each ends as one answer to one caller.
BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)

KEPT = 1000  # answers of one flag for contexts that its rules cannot tell apart; then it begins anew

_ENCODER = json.JSONEncoder(separators=(",", ":"))  # made once: json.dumps makes one for each call


class Context(NamedTuple):
    """For whom a flag is evaluated."""

    targeting_key: str | None
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer in OFREP's JSON, and its HTTP status. A status other than 200 is the application's own default."""

    status: int
    body: bytes


class Evaluator:
    """Answers for one flag as it is served now."""

    def __init__(self, key: str, served: str) -> None:
        # Here, because only a bot that serves flags needs them, and starting must be quick.
        from openfeature.contrib.tools.flagd.core import FlagdCore
        from openfeature.evaluation_context import EvaluationContext
        from openfeature.exception import OpenFeatureError

        data = json.loads(served)
        self._key = key
        self._core = FlagdCore()
        self._core.set_flags({"flags": {key: data}})
        self._error, self._asked = OpenFeatureError, EvaluationContext
        self._resolve, self._default = self._resolver(list(data["variants"].values()))
        self._answers: dict[tuple[str, str], Answer] = {}
        self._reads = names_read(data.get("targeting") or {})
        self._kept: dict[tuple[object, ...], Answer] = {}

    def answer(self, context: Context) -> Answer:
        """What this context is served, evaluated once for all contexts that the rules cannot tell apart."""
        alike = None if self._reads is None else likeness(self._reads, context.attributes)
        if alike is None:
            return self._evaluated(context)
        answer = self._kept.get(alike)
        if answer is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            answer = self._kept[alike] = self._evaluated(context)
        return answer

    def _evaluated(self, context: Context) -> Answer:
        try:
            asked = self._asked(context.targeting_key, context.attributes)
            found = self._resolve(self._key, self._default, asked)
        except self._error as error:
            details = error.error_message or "the flag cannot be evaluated"
            return failure(400, self._key, error.error_code.value, details)
        except BROKEN as error:
            details = f"its rules failed on this context ({type(error).__name__})"
            return failure(400, self._key, "GENERAL", details)
        chosen = (str(found.variant), str(found.reason))
        known = self._answers.get(chosen)  # there are no more answers than variants and reasons
        if known is None:
            known = self._answers[chosen] = self._written(found)
        return known

    def _written(self, found: Any) -> Answer:
        if found.variant is None:
            why = "is disabled" if found.reason == "DISABLED" else "has no default variant"
            details = f"the flag {why}, so the application's default applies"
            return failure(404, self._key, "FLAG_NOT_FOUND", details)
        reason = "STATIC" if found.reason == "DEFAULT" else str(found.reason)
        body = {"key": self._key, "value": found.value, "reason": reason, "variant": found.variant}
        return Answer(200, dumped({**body, "metadata": dict(found.flag_metadata)}))

    def _resolver(self, variants: list[Any]) -> tuple[Callable[..., Any], object]:
        """How the client library asks for it. One fraction among the variants makes all of them fractions."""
        match variants[0]:
            case bool():
                return self._core.resolve_boolean_value, False
            case str():
                return self._core.resolve_string_value, ""
            case int() | float() if any(isinstance(value, float) for value in variants):
                return self._core.resolve_float_value, 0.0
            case int() | float():
                return self._core.resolve_integer_value, 0
        return self._core.resolve_object_value, {}


def failure(status: int, key: str | None, code: str, details: str) -> Answer:
    """An answer that says why there is no value; the details are always there, because clients index them."""
    named = {} if key is None else {"key": key}
    return Answer(status, dumped({**named, "errorCode": code, "errorDetails": details}))


def dumped(value: object) -> bytes:
    return _ENCODER.encode(value).encode()
