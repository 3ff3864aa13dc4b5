"""An app's manifest: read from JSON or YAML, and checked as far as the sandbox goes by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

# https://docs.slack.dev/reference/app-manifest: the parts used here, and what each must be
OBJECTS = (
    "display_information",
    "features",
    "features.bot_user",
    "features.app_home",
    "oauth_config",
    "oauth_config.scopes",
    "settings",
    "settings.event_subscriptions",
)
NAMES = ("oauth_config.scopes.bot", "settings.event_subscriptions.bot_events")
ENTRIES = {"features.slash_commands": "command", "features.shortcuts": "callback_id"}


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest in a file; ValueError with one sentence when it is none."""
    try:
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"The manifest {str(path)!r} cannot be read: {_said(error)}.") from error
    problem = next(_problems(manifest), None)
    if problem is not None:
        raise ValueError(f"The manifest {str(path)!r} is not right: {problem}.")
    return dict(manifest)


def _said(error: OSError | UnicodeDecodeError | yaml.YAMLError) -> str:
    """What went wrong, on one line; PyYAML draws a picture of the place over several."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def app_name(manifest: dict[str, Any]) -> str | None:
    """What the app is called."""
    name = manifest.get("display_information", {}).get("name")
    return str(name) if name else None


def bot_handle(manifest: dict[str, Any]) -> str | None:
    """What people type after @ to mention the app."""
    name = manifest.get("features", {}).get("bot_user", {}).get("display_name")
    return str(name).lower() if name else None


def _problems(manifest: Any) -> Iterator[str]:
    if not isinstance(manifest, dict):
        yield "it holds no object"
        return
    for path in OBJECTS:
        if not isinstance(_at(manifest, path, {}), dict):
            yield f"{path!r} must be an object"
            return
    for path in NAMES:
        names = _at(manifest, path, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            yield f"{path!r} must be a list of names"
    for path, key in ENTRIES.items():
        entries = _at(manifest, path, [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) and e.get(key) for e in entries):
            yield f"{path!r} must be a list of objects with a {key!r}"


def _at(manifest: dict[str, Any], path: str, default: Any) -> Any:
    value: Any = manifest
    for name in path.split("."):
        value = value.get(name)
        if value is None:
            return default
    return value
