"""One flag and its answer, evaluated by flagd's own reference evaluator and written as OFREP wants it.

Client libraries are strict where the protocol is not: `value`, `reason` and `variant` are always there, a number
of a flag with fractions is written with its point, and `DEFAULT`, which the protocol does not know, is `STATIC`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

# What rules do on values nobody expected of a context; each ends as one answer to one caller.
BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True)
class Context:
    """For whom a flag is evaluated."""

    targeting_key: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


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

        data = json.loads(served)
        self._key = key
        self._core = FlagdCore()
        self._core.set_flags({"flags": {key: data}})
        self._kind = _kind(list(data["variants"].values()))
        self._constant = None if data.get("targeting") else self._evaluated(Context())

    def answer(self, context: Context) -> Answer:
        """What this context is served; a flag without rules answers everyone the same and is evaluated once."""
        return self._constant or self._evaluated(context)

    def _evaluated(self, context: Context) -> Answer:
        from openfeature.evaluation_context import EvaluationContext
        from openfeature.exception import OpenFeatureError

        asked = EvaluationContext(context.targeting_key, context.attributes)
        core, key = self._core, self._key
        try:
            match self._kind:
                case "boolean":
                    found: Any = core.resolve_boolean_value(key, False, asked)
                case "string":
                    found = core.resolve_string_value(key, "", asked)
                case "integer":
                    found = core.resolve_integer_value(key, 0, asked)
                case "float":
                    found = core.resolve_float_value(key, 0.0, asked)
                case _:
                    found = core.resolve_object_value(key, {}, asked)
        except OpenFeatureError as error:
            return failure(
                400, key, error.error_code.value, error.error_message or "the flag cannot be evaluated"
            )
        except BROKEN as error:
            return failure(400, key, "GENERAL", f"its rules failed on this context ({type(error).__name__})")
        if found.variant is None:
            why = "is disabled" if found.reason == "DISABLED" else "has no default variant"
            return failure(
                404, key, "FLAG_NOT_FOUND", f"the flag {why}, so the application's default applies"
            )
        reason = "STATIC" if found.reason == "DEFAULT" else str(found.reason)
        body = {"key": key, "value": found.value, "reason": reason, "variant": found.variant}
        return Answer(200, dumped({**body, "metadata": dict(found.flag_metadata)}))


def failure(status: int, key: str | None, code: str, details: str) -> Answer:
    """An answer that says why there is no value; the details are always there, because clients index them."""
    named = {} if key is None else {"key": key}
    return Answer(status, dumped({**named, "errorCode": code, "errorDetails": details}))


def dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _kind(values: list[Any]) -> str:
    """What the client library asks it as. One fraction among the variants makes all of them fractions."""
    match values[0]:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "float" if any(isinstance(value, float) for value in values) else "integer"
    return "object"
