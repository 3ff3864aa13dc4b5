"""The schema that editors get says what the model says."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from bot.domain.runbook import Matching, Question, Runbook, Step
from bot.services.runbook_schema import runbook_schema, schema_text
from bot.services.runbooks import BUILT_IN

SCHEMA = runbook_schema()


def test_the_committed_schema_is_current() -> None:
    said = "write it anew: firebreak runbooks schema > runbooks/schema.json"
    assert (BUILT_IN / "schema.json").read_text(encoding="utf-8") == schema_text(), said


def test_every_key_of_a_runbook_is_explained() -> None:
    kinds: dict[type[BaseModel], dict[str, Any]] = {
        Runbook: SCHEMA,
        Step: SCHEMA["$defs"]["Step"],
        Matching: SCHEMA["$defs"]["Matching"],
        Question: SCHEMA["$defs"]["Question"],
    }
    for kind, said in kinds.items():
        assert set(said["properties"]) == set(kind.model_fields)
        assert said["additionalProperties"] is False
        assert [key for key, field in said["properties"].items() if "title" not in field] == []


def test_all_three_phases_are_demanded_and_closed_is_none() -> None:
    phases = SCHEMA["properties"]["phases"]
    assert phases["required"] == list(phases["properties"]) == ["stabilize", "repair", "prevent"]
    assert "closed" not in json.dumps(SCHEMA)


def test_nothing_is_said_that_nobody_writes() -> None:
    assert "null" not in json.dumps(SCHEMA)


def test_every_runbook_we_ship_tells_the_editor_where_the_schema_is() -> None:
    for file in BUILT_IN.rglob("*.yaml"):
        path = "../schema.json" if file.parent != BUILT_IN else "schema.json"
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema={path}", file
