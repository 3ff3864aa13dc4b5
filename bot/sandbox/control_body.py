"""The JSON that the control API is sent, read field by field; what is wrong with it is said in one sentence."""

from __future__ import annotations

import json
import math
from typing import Any

from aiohttp import web

Json = dict[str, Any]


class BadRequestError(Exception):
    """The request cannot be understood. The text is one sentence that says why."""


class Body:
    """A JSON object whose fields are asked for by name and type."""

    def __init__(self, fields: Json) -> None:
        self.fields = fields

    @classmethod
    async def of(cls, request: web.Request) -> Body:
        """The body of a request; none at all is an empty one."""
        sent = await request.read()
        try:
            fields = json.loads(sent) if sent.strip() else {}
        except ValueError as error:
            raise BadRequestError(f"The body is not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise BadRequestError("The body must be a JSON object.")
        return cls(fields)

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise BadRequestError(f"{name!r} must be given, as text.")
        return value

    def optional(self, name: str) -> str | None:
        return None if self.fields.get(name) is None else self.text(name)

    def number(self, name: str, default: float | None = None) -> float:
        value = self.fields.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise BadRequestError(f"{name!r} must be a number of at least 0.")
        return float(value)

    def yes(self, name: str) -> bool:
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise BadRequestError(f"{name!r} must be true or false.")
        return value

    def object(self, name: str) -> Json:
        value = self.fields.get(name)
        if not isinstance(value, dict):
            raise BadRequestError(f"{name!r} must be given, as a JSON object.")
        return value

    def inner(self, name: str) -> Body:
        return Body(self.object(name))
