"""What a caller sent, from query, form, multipart or JSON: read by type, refused as Slack refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, overload

from aiohttp import web

from bot.sandbox.errors import SlackError

ARGUMENT_NAME = re.compile(
    r"[A-Za-z0-9_]{1,200}"
)  # Slack refuses long names and anything but letters, digits, _
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
TRUE, FALSE = {"1", "true"}, {"0", "false", ""}


def refuse(*messages: str, code: str = "invalid_arguments") -> SlackError:
    """A refusal that says what is wrong with the arguments, in the form Slack says it."""
    return SlackError(code, response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})


async def parse_arguments(request: web.Request, *, json_body: bool = True) -> dict[str, Any]:
    """All arguments of one call; the body wins over the query. Many reading methods ignore a JSON body."""
    found: dict[str, Any] = dict(request.query)
    ignored = request.content_type == "application/json" and not json_body
    if request.method == "POST" and request.can_read_body and not ignored:
        found |= await _body(request)
    for name in found:
        if "[" in name:
            raise SlackError("invalid_array_arg")
        if not ARGUMENT_NAME.fullmatch(name):
            raise SlackError("invalid_arg_name")
    return found


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        try:
            data = json.loads(await request.read() or b"{}")
        except (ValueError, UnicodeDecodeError) as error:
            raise SlackError("invalid_json") from error
        if not isinstance(data, dict):
            raise SlackError("json_not_object")
        data.pop("token", None)  # Slack reads no token from a JSON body, only from the header
        return data
    if request.content_type in FORM_TYPES:
        try:
            form = await request.post()
        except LookupError as error:
            raise SlackError("invalid_charset") from error
        except ValueError as error:
            raise SlackError("invalid_form_data") from error
        return {name: value for name, value in form.items() if isinstance(value, str)}
    if await request.read():
        raise SlackError("invalid_post_type")
    return {}


def token_of(request: web.Request, arguments: Mapping[str, Any]) -> str | None:
    """The token of a call: `Authorization: Bearer …`, or the `token` argument; None without either."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    token = arguments.get("token")
    return token if isinstance(token, str) and token else None


class Arguments:
    """Typed access to what was sent. An absent argument and an empty one are the same, as with Slack."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if name != "token"}

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    @overload
    def text(self, name: str, *, required: Literal[True], missing: str = ...) -> str: ...
    @overload
    def text(self, name: str, *, required: bool = ..., missing: str = ...) -> str | None: ...
    def text(self, name: str, *, required: bool = False, missing: str = "invalid_arguments") -> str | None:
        """A string; `missing` is the code of the refusal when a required one is not there."""
        value = self.values.get(name)
        if value is None or value == "":
            if not required:
                return value
            if missing != "invalid_arguments":
                raise SlackError(missing)
            raise refuse(f"missing required field: {name}")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise refuse(f"must be a string [json-pointer:/{name}]")
        return str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no, in any of the spellings that Slack accepts."""
        value = self.values.get(name)
        if value is None:
            return default
        word = str(value).lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
        raise refuse(f"must be a boolean [json-pointer:/{name}]")

    def integer(
        self,
        name: str,
        *,
        default: int,
        low: int | None = None,
        high: int | None = None,
        invalid: str = "invalid_arguments",
    ) -> int:
        """A whole number between `low` and `high`, both included; `invalid` is the refusal's code."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(str(value))
        except ValueError as error:
            raise refuse(f"must be an integer [json-pointer:/{name}]", code=invalid) from error
        if (low is not None and number < low) or (high is not None and number > high):
            raise refuse(f"must be between {low} and {high} [json-pointer:/{name}]", code=invalid)
        return number

    def json(self, name: str, *, kind: type = dict, invalid: str = "invalid_arguments") -> Any:
        """An object or a list, given as such or as JSON in a string; None when absent."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise refuse(f"must be valid JSON [json-pointer:/{name}]", code=invalid) from error
        if not isinstance(value, kind):
            wanted = "an array" if kind is list else "an object"
            raise refuse(f"must provide {wanted} [json-pointer:/{name}]", code=invalid)
        return value

    def listing(self, name: str, *, required: bool = False, missing: str = "invalid_arguments") -> list[str]:
        """Several strings: `a,b`, `["a","b"]`, or a JSON list."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = json.loads(value) if _looks_like_json_list(value) else value.split(",")
        items = [str(item).strip() for item in value or [] if str(item).strip()]
        if required and not items:
            raise refuse(f"missing required field: {name}", code=missing)
        return items


def _looks_like_json_list(value: str) -> bool:
    if not value.lstrip().startswith("["):
        return False
    try:
        return isinstance(json.loads(value), list)
    except ValueError:
        return False
