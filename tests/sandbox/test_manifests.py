"""Manifests: read from a file, refused in one sentence when they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.manifests import read_manifest


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"features: [", "cannot be read"),
        (b"\xff\xfe\xff", "cannot be read"),
        (b"- a\n- list\n", "it holds no object"),
        (b"", "it holds no object"),
        (b"features: [x]", "'features' must be an object"),
        (b"settings: {event_subscriptions: 3}", "'settings.event_subscriptions' must be an object"),
        (b"oauth_config: {scopes: {bot: chat:write}}", "'oauth_config.scopes.bot' must be a list of names"),
        (b"features: {slash_commands: [/x]}", "must be a list of objects with a 'command'"),
        (b"features: {shortcuts: {a: b}}", "must be a list of objects with a 'callback_id'"),
    ],
)
def test_a_manifest_that_is_none_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="The manifest") as refused:
        read_manifest(path)
    assert sentence in str(refused.value)


def test_a_manifest_that_is_not_there_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_manifest(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "features:\n  app_home: {home_tab_enabled: true}\n",
        '{"features": {"app_home": {"home_tab_enabled": true}}}',
    ],
)
def test_a_manifest_may_be_yaml_or_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest"
    path.write_text(text, encoding="utf-8")
    assert read_manifest(path) == {"features": {"app_home": {"home_tab_enabled": True}}}
