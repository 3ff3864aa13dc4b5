"""The JSON Schema of a runbook, for editors that complete and check YAML. The bot itself goes by the model.

The one for the runbooks we ship is committed as runbooks/schema.json; a test keeps it current.
"""

from __future__ import annotations

import json
from typing import Any

from bot.domain.runbook import PHASES_WITH_STEPS, QUESTIONS_MAX, STEPS_MAX, Runbook

Schema = dict[str, Any]

# The bot reads each value as the text that stands there, an editor as what YAML makes of it: `words: [404, no]`
# is a number and a false to the one and two words to the other.
ANY_WORD = ["string", "number", "boolean"]
# `45` is minutes, as is `45m`. The bound of 90 days is left to `firebreak runbooks check`.
TIME_SPAN: Schema = {
    "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d{1,6} ?[mhd]?$"}]
}


def runbook_schema() -> Schema:
    """What `Runbook` says of itself, in the words of files, and as strict as its validators are."""
    schema = Runbook.model_json_schema()
    kinds = schema["$defs"]
    for kind in (schema, kinds["Step"], kinds["Question"], kinds["Matching"]):
        kind.pop("description", None)  # the docstring of a class speaks to programmers
        for name, field in kind["properties"].items():
            kind["properties"][name] = _as_written(field)
    due = kinds["Step"]["properties"]["due_after"]
    for key in ("type", "minimum", "maximum"):
        due.pop(key)
    due.update(TIME_SPAN)
    for name in ("words", "services", "labels"):
        kinds["Matching"]["properties"][name]["items"]["type"] = ANY_WORD
    properties = schema["properties"]
    properties["matching"] = {"$ref": "#/$defs/Matching", "title": properties["matching"]["title"]}
    properties["phases"] = _by_phase(properties["phases"], "Step", STEPS_MAX, all_of_them=True)
    properties["questions"] = _by_phase(properties["questions"], "Question", QUESTIONS_MAX)
    kinds.pop("Phase")
    kinds["Role"].pop("description")
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "title": "Firebreak runbook"}


def schema_text() -> str:
    """As the file has it."""
    return json.dumps(runbook_schema(), indent=2, ensure_ascii=False) + "\n"


def _as_written(field: Schema) -> Schema:
    """Without `null`, which nobody writes, and with a description that stands alone."""
    made = {key: value for key, value in field.items() if key != "default"}
    kinds = [kind for kind in made.pop("anyOf", []) if kind != {"type": "null"}]
    for kind in kinds:
        made |= kind if "$ref" not in kind else {"allOf": [kind]}
    if "description" in made:
        made["description"] = made["description"][0].upper() + made["description"][1:] + "."
    if field.get("default") not in (None, "", [], {}):
        made["default"] = field["default"]
    return made


def _by_phase(field: Schema, kind: str, most: int, *, all_of_them: bool = False) -> Schema:
    """A table of the phases that hold steps or questions, and no other key."""
    items = {"type": "array", "items": {"$ref": f"#/$defs/{kind}"}, "minItems": 1, "maxItems": most}
    names = [phase.value for phase in PHASES_WITH_STEPS]
    return {
        "title": field["title"],
        "description": field["description"],
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(names, items),
        **({"required": names} if all_of_them else {}),
    }
