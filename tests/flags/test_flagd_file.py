"""Another team's flagd file: what every back-end promises, byte for byte, and seen by the official provider."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.flags.flagd_file import FlagdFile, _flags
from bot.flags.protocol import Unavailable, Unsupported
from chaos.applications import ANSWERS_WITHIN, application
from tests.flags.conformance import Conformance, Rig, contained, restored
from tests.flags.serving import SWITCH

RULES = {"if": [{"$ref": "staff"}, "on", "off"]}
THEIRS = """{
    "$schema": "https://flagd.dev/schema/v0/flags.json",
  "flags": {
\t"first" : {"state":"ENABLED","variants":{"a":"\\u00e9}","b":"{"},"defaultVariant":"a"} %s
  },
  "$evaluators": {"staff": {"in": ["@example.com", {"var": "email"}]}}
}

"""


class FileRig(Rig):
    """A file that looks as if people had edited it by hand for years."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "shop" / "flags.json"
        self.path.parent.mkdir()
        self._flags: dict[str, str] = {}
        self._write()
        self.path.chmod(0o640)
        self.backend = FlagdFile("shop", {"production": self.path})

    async def make(self, key: str) -> None:
        self._flags[key] = json.dumps(SWITCH | {"targeting": RULES}, indent=7)
        self._write()

    async def edit(self, key: str) -> None:
        """Their next deployment, with another owner and, where it is held, still held."""
        document = json.loads(self.path.read_text())
        flag = document["flags"][key]
        flag["variants"]["maybe"] = len(flag["variants"]) > 5
        self.path.write_text(json.dumps(document))

    async def switch_on(self, key: str) -> None:
        self._write()

    async def decides(self, key: str) -> bytes:
        return self.path.read_bytes()

    async def go_down(self) -> None:
        self.path.unlink()

    def _write(self) -> None:
        flags = "".join(f",\n\n  {json.dumps(key)}:{text}" for key, text in self._flags.items())
        self.path.write_text(THEIRS % flags)
        os.utime(self.path, ns=(1, self.path.stat().st_mtime_ns + 1_000_000))


class TestFlagdFile(Conformance):
    @pytest.fixture
    async def rig(self, tmp_path: Path) -> FileRig:
        return FileRig(tmp_path)

    async def test_the_official_provider_sees_the_kill_and_the_undo(self, rig: FileRig) -> None:
        await rig.make("gateway")
        async with application("file", str(rig.path)) as shop:
            assert (await shop.asks("gateway", False, email="a@example.com"))["value"] is True
            receipt = await contained(rig, "gateway")
            async with asyncio.timeout(ANSWERS_WITHIN):
                while (await shop.asks("gateway", True, email="a@example.com"))["value"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)  # it looks at the file twice a second
            await restored(rig, receipt)
            async with application("file", str(rig.path)) as another:
                assert (await another.asks("gateway", False, email="a@example.com"))["value"] is True

    async def test_nothing_but_the_flag_moves_and_the_file_keeps_its_mode(self, rig: FileRig) -> None:
        await rig.make("gateway")
        await rig.make("other")
        before = rig.path.read_text()
        receipt = await contained(rig, "gateway")
        held = rig.path.read_text()
        assert held == before.replace(receipt.before.snapshot["text"], receipt.after.snapshot["text"], 1)
        assert rig.path.stat().st_mode & 0o777 == 0o640
        assert [path.name for path in rig.path.parent.iterdir()] == ["flags.json"]

    async def test_what_others_change_in_other_flags_stays_when_ours_is_let_go(self, rig: FileRig) -> None:
        await rig.make("gateway")
        await rig.make("other")
        receipt = await contained(rig, "gateway")
        changed = rig.path.read_text().replace('"first" :', '"first":')
        rig.path.write_text(changed)
        await restored(rig, receipt)
        assert '"first":' in rig.path.read_text()
        assert receipt.before.snapshot["text"] in rig.path.read_text()

    async def test_two_flags_of_one_file_are_held_at_once(self, rig: FileRig) -> None:
        await rig.make("one")
        await rig.make("two")
        await contained(rig, "one")
        await contained(rig, "two")
        for key in ("one", "two"):
            assert (await rig.backend.get(rig.ref(key))).contained

    async def test_a_flag_without_a_safe_variant_is_refused_and_the_file_stays(self, rig: FileRig) -> None:
        before = rig.path.read_bytes()
        with pytest.raises(Unsupported, match="safeVariant"):
            await contained(rig, "first")
        assert rig.path.read_bytes() == before

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", '{"flags": []}', '{"flags": {"a": 1, "a": 2}}', "\x00", "[" * 100_000]
    )
    async def test_a_file_that_is_no_document_is_unavailable_and_stays_as_it_is(
        self, rig: FileRig, text: str
    ) -> None:
        rig.path.write_text(text)
        with pytest.raises(Unavailable, match=r"flags\.json"):
            await contained(rig, "gateway")
        assert rig.path.read_text() == text
        assert "flags.json" in (await rig.backend.health()).said


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100)
@given(
    st.dictionaries(st.text(max_size=6), json_values, max_size=4),
    st.sampled_from([None, 0, 1, 5]),
    st.booleans(),
)
def test_every_flag_is_found_where_it_stands_in_whatever_json(
    flags: dict[str, Any], indent: int | None, plain: bool
) -> None:
    text = json.dumps({"before": {"flags": {}}, "flags": flags, "z": [1]}, indent=indent, ensure_ascii=plain)
    spans, _ = _flags(text)
    assert {key: json.loads(text[start:end]) for key, (start, end) in spans.items()} == flags
