"""What a flag is, in flagd's own words: variants, the default, rules, and which variant is declared safe.

Containment is an override: the safe variant for everyone. It never edits the definition and never disables the
flag, because a disabled flag answers with whatever default the application was written with.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NoReturn

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from bot.domain.runbook import Frozen
from bot.domain.spelling import complaints
from bot.domain.vocabulary import Refused

FIRST_ENVIRONMENT = "production"  # where every flag was before there were environments
SAFE_VARIANT = "safeVariant"  # the key in a flag's metadata that declares what it is held at

# What every evaluator can put into a URL without escaping: one Python client asks for `we` when told `we?ird`.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
KEY_MAX = 200  # characters; a key stands in log lines, file names of others and Slack's buttons
DEEPEST = 60  # levels of JSON in a definition: rules are evaluated recursively, and Python ends at a thousand
SHOWN = 60  # characters of a key or a value in a sentence that refuses it

Metadata = StrictBool | StrictInt | StrictFloat | StrictStr
Switches = {"on": True, "off": False, "true": True, "false": False}


class Shape(Frozen):
    """One flag of a flagd document, as its schema has it: https://flagd.dev/schema/v0/flags.json"""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    state: Literal["ENABLED", "DISABLED"] = Field(description="'ENABLED' or 'DISABLED'")
    variants: dict[str, Any] = Field(min_length=1, description="a table of one or more values by name")
    default_variant: StrictStr | None = Field(
        None, alias="defaultVariant", description="the name of a variant"
    )
    targeting: dict[str, Any] | None = Field(None, description="a table of rules (JsonLogic)")
    metadata: dict[str, Metadata] | None = Field(None, description="a table of texts, numbers, true or false")


class Definition(Frozen):
    """One flag as somebody defined it. `data` is its flagd JSON, exactly as it was given."""

    key: str
    data: dict[str, Any]

    @classmethod
    def read(cls, key: object, data: object) -> Definition:
        """Check one flag of a flagd document; raises Refused with what is wrong and what would be right."""
        key = checked_key(key)
        if not isinstance(data, dict):
            raise Refused("The flag `{flag}` is not a table, so nothing was stored.", flag=key)
        data = {name: value for name, value in data.items() if name not in ("$schema", "source", "selector")}
        try:
            shape = Shape.model_validate(data)
        except ValidationError as error:
            wrong = "; ".join(each.what for each in complaints(error, Shape))
            raise Refused(
                "The flag `{flag}` cannot be used: {wrong}. Nothing was stored.", flag=key, wrong=wrong
            ) from error
        _check(key, shape)
        return cls(key=key, data=data)

    @classmethod
    def simple(cls, key: str, *, serves: str, safe: str, description: str = "") -> Definition:
        """A flag with two values: a switch when they are words such as on and off, else two texts."""
        switch = serves in Switches and safe in Switches
        variants = {name: Switches[name] if switch else name for name in (serves, safe)}
        metadata = ({"description": description} if description else {}) | {SAFE_VARIANT: safe}
        return cls.read(
            key,
            {"state": "ENABLED", "variants": variants, "defaultVariant": serves, "metadata": metadata},
        )

    @property
    def safe(self) -> str | None:
        """The variant that is declared safe, or None: then the flag cannot be held."""
        safe = self.metadata.get(SAFE_VARIANT)
        return None if safe is None else str(safe)

    @property
    def metadata(self) -> dict[str, Any]:
        return self.data.get("metadata") or {}

    @property
    def description(self) -> str:
        return str(self.metadata.get("description", ""))

    @property
    def serves(self) -> str:
        """What it serves when nobody holds it, in a few words."""
        if self.data["state"] == "DISABLED":
            return "the application's default (disabled)"
        default = self.data.get("defaultVariant") or "the application's default"
        return f"{default}, or what its rules say" if self.data.get("targeting") else default

    def held(self, variant: str) -> dict[str, Any]:
        """The flagd JSON that serves `variant` to everyone."""
        kept = {name: value for name, value in self.data.items() if name != "targeting"}
        return kept | {"state": "ENABLED", "defaultVariant": variant}

    @property
    def text(self) -> str:
        """The JSON that is stored: its keys in the order in which they were given."""
        return json.dumps(self.data, separators=(",", ":"))

    @property
    def fingerprint(self) -> str:
        """The same for two definitions that decide the same, whatever the order of their keys."""
        return fingerprint(self.data)


def is_at_safe(data: Mapping[str, Any]) -> bool:
    """Whether everybody who reads this flagd JSON of a flag gets its declared safe variant."""
    safe = (data.get("metadata") or {}).get(SAFE_VARIANT)
    return (
        safe is not None
        and data.get("state") == "ENABLED"
        and data.get("defaultVariant") == safe
        and not data.get("targeting")
    )


def fingerprint(data: object) -> str:
    """A short name for a value as JSON; the order of keys does not matter."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def checked_key(key: object) -> str:
    """The key, if every evaluator can ask for it; raises Refused."""
    if not isinstance(key, str) or not KEY.fullmatch(key) or len(key) > KEY_MAX:
        raise Refused(
            "{flag} cannot be the key of a flag: use letters, digits, '.', '_' and '-', such as checkout-v2.",
            flag=repr(key)[:SHOWN],
        )
    return key


def read_document(text: str) -> list[Definition]:
    """The flags of a flagd document; raises Refused when any of them cannot be used.

    Rules that flags share (`$evaluators`) are written into each, and so are the metadata of the whole set: a flag
    is stored, shown and held by itself.
    """
    document = _parsed(text)
    flags = document.get("flags") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(flags, dict):
        raise Refused(
            'This is no flagd document: it needs a table "flags", such as {example}. Nothing was stored.',
            example='{"flags": {"checkout-v2": {"state": "ENABLED", …}}}',
        )
    shared, common = document.get("$evaluators", {}), document.get("metadata", {})
    if not isinstance(shared, dict) or not isinstance(common, dict):
        raise Refused("`$evaluators` and `metadata` of a flagd document are tables. Nothing was stored.")
    found = []
    for key, data in flags.items():
        whole = _with_shared(data, shared, key)
        if common and isinstance(whole, dict) and isinstance(whole.get("metadata", {}), dict):
            whole = {**whole, "metadata": {**common, **whole.get("metadata", {})}}
        found.append(Definition.read(key, whole))
    return found


def document_text(flags: Iterable[tuple[str, str]]) -> str:
    """A flagd document of keys with the JSON of their flags, one flag a line."""
    lines = ",\n".join(f"    {json.dumps(key)}: {data}" for key, data in flags)
    return '{\n  "$schema": "https://flagd.dev/schema/v0/flags.json",\n  "flags": {\n' + lines + "\n  }\n}\n"


def _check(key: str, shape: Shape) -> None:
    """What the parts of a flag promise each other."""
    names = ", ".join(map(repr, shape.variants))
    default = shape.default_variant
    safe = (shape.metadata or {}).get(SAFE_VARIANT)
    if default and default not in shape.variants:
        _refuse(key, f"defaultVariant is {default[:SHOWN]!r}, but must be one of its variants: {names}")
    if safe is not None and safe not in shape.variants:
        _refuse(key, f"{SAFE_VARIANT} is {str(safe)[:SHOWN]!r}, but must be one of its variants: {names}")
    if not all(shape.variants):
        _refuse(key, "a variant needs a name")
    if len({_kind(key, value) for value in shape.variants.values()}) > 1:
        _refuse(key, "its variants must be of one kind: all switches, all texts, all numbers or all tables")
    _check_depth(key, [shape.variants, shape.targeting])


def _kind(key: str, value: object) -> str:
    if value is None:
        _refuse(key, "a variant may not be empty (null)")
    kinds = {bool: "switch", str: "text", int: "number", float: "number"}
    return kinds.get(type(value), "table")


def _check_depth(key: str, value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not level:
            return
    _refuse(key, f"it is nested deeper than {DEEPEST} levels")


def _refuse(key: str, wrong: str) -> NoReturn:
    raise Refused("The flag `{flag}` cannot be used: {wrong}. Nothing was stored.", flag=key, wrong=wrong)


def _with_shared(value: Any, shared: Mapping[str, Any], key: object, depth: int = 0) -> Any:
    """`value` with every `{"$ref": name}` replaced by the rule of that name."""
    if depth > DEEPEST:
        _refuse(str(key)[:SHOWN], f"it is nested deeper than {DEEPEST} levels, or its $ref lead in a circle")
    match value:
        case {"$ref": str(name)} if len(value) == 1:
            if name not in shared:
                _refuse(str(key)[:SHOWN], f"it refers to {name[:SHOWN]!r}, which $evaluators does not have")
            return _with_shared(shared[name], shared, key, depth + 1)
        case dict():
            return {name: _with_shared(each, shared, key, depth + 1) for name, each in value.items()}
        case list():
            return [_with_shared(each, shared, key, depth + 1) for each in value]
    return value


def _parsed(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
            raise ValueError(f"the key {twice[:SHOWN]!r} stands twice in one table")
        return found

    def no_number(name: str) -> NoReturn:
        raise ValueError(f"{name} is not a number in JSON")

    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except UnicodeEncodeError:
        wrong = "half of a character that takes two (a lone surrogate) stands in it"
    except (ValueError, RecursionError) as error:
        wrong = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    else:
        return found
    raise Refused("This is not JSON that can be used: {wrong}. Nothing was stored.", wrong=wrong)
