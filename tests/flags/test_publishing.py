"""What is published, in which order, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app_flags import flag_service, read_back
from bot.domain.flags import Definition
from bot.errors import StartError
from bot.flags.document import BLOCK, Document
from bot.flags.evaluating import Context, Evaluator
from bot.flags.files import FlagFile
from bot.storage.flag_definitions import Change
from bot.storage.sqlite import SqliteEngine
from tests.flags.serving import STAGING_TOKEN, SWITCH, TEAM, Serving, serving
from tests.flags.serving import settings as flag_settings

FILE = "production.flagd.json"


def served(house: Serving, key: str = "gateway") -> str:
    flags = json.loads((house.folder / FILE).read_bytes())["flags"]
    return str(flags[key]["defaultVariant"])


async def test_a_kill_is_told_to_who_listens_and_is_in_the_file_when_it_is_published(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await house.define("gateway")
        with house.service.publisher.listening() as changed:
            await house.kill("gateway", publish=False)
            house.service.publisher.wake()
            await asyncio.wait_for(changed.wait(), 10)
            await house.service.publisher.publish()
            assert served(house) == "off"
            assert '"defaultVariant":"off"' in (
                house.service.publisher.document("production").served("gateway") or ""
            )


async def test_what_was_committed_before_a_start_is_in_the_file_before_a_port_is_open(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await house.define("gateway")
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        await Serving.kill(house_of(engine, tmp_path), "gateway", publish=False)
        async with flag_service(flag_settings(tmp_path), engine, TEAM) as service:
            assert service is not None
            assert service.publisher.document("production").revision > 0
            assert served(house_of(engine, tmp_path)) == "off"


def house_of(engine: SqliteEngine, folder: Path) -> Serving:
    return Serving(engine, None, "", folder / "flags", None)  # type: ignore[arg-type]


async def test_a_file_that_cannot_be_written_does_not_hold_up_the_others_and_is_made_up_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path) as house:
        await house.define("gateway")
        path = house.folder / FILE
        path.unlink()
        (path / "in the way").mkdir(parents=True)
        with house.service.publisher.listening() as changed:
            for _ in range(2):
                with pytest.raises(OSError, match="directory"):
                    await house.kill("gateway")
            assert changed.is_set()
        assert (await house.ask("/gateway", {}))[1]["value"] is False
        said = [record for record in caplog.records if getattr(record, "action", "") == "flag_file_waits"]
        assert len(said) == 1
        (path / "in the way").rmdir()
        path.rmdir()
        await house.service.publisher.publish()
        assert served(house) == "off"


async def test_a_folder_that_cannot_be_made_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "flags").write_text("a file")
    async with SqliteEngine.open(":memory:") as engine:
        with pytest.raises(StartError, match="The flags cannot be written into"):
            async with flag_service(flag_settings(tmp_path), engine, TEAM):
                pass


async def test_nothing_runs_where_nobody_reads(tmp_path: Path) -> None:
    silent = flag_settings(tmp_path).model_copy(update={"flags": type(flag_settings(tmp_path).flags)()})
    async with SqliteEngine.open(":memory:") as engine, flag_service(silent, engine, TEAM) as service:
        assert service is None


async def test_a_port_of_grpc_that_is_taken_is_said_at_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        wanted = flag_settings(tmp_path, f'grpc = "{address}"')
        async with SqliteEngine.open(":memory:") as engine:
            with pytest.raises(StartError, match="cannot be opened for gRPC"):
                async with flag_service(wanted, engine, TEAM):
                    pass


async def test_whoever_asks_after_a_kill_was_confirmed_gets_it_before_anything_else_is_published(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as house:
        await house.define("gateway")
        await house.kill("gateway", publish=False)
        house.service.publisher.wake()
        assert (await house.ask("/gateway", {}))[1]["value"] is False
        assert (await house.ask("/gateway", {}, Authorization=f"Bearer {STAGING_TOKEN}"))[0] == 404


async def test_a_kill_is_confirmed_when_all_who_read_from_us_have_it_and_not_before(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        publisher = house.service.publisher
        await house.define("gateway")
        assert not await publisher.confirms("production", "gateway")
        assert not await publisher.confirms("production", "unknown")
        await house.kill("gateway", publish=False)
        assert await publisher.confirms("production", "gateway")
        assert served(house) == "off"
        await house.undo("gateway")
        (house.folder / FILE).unlink()
        (house.folder / FILE).mkdir()
        await house.kill("gateway", publish=False)
        assert not await publisher.confirms("production", "gateway")
        held = read_back(always, house.service)
        assert (await held("gateway", "production"), await held("gateway", "elsewhere")) == (False, True)
        assert await read_back(always, None)("gateway", "production")


async def always(flag: str, environment: str) -> bool:
    """A database that says that everything is held."""
    return True


async def test_flags_that_cannot_be_read_are_served_as_they_were(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path) as house:
        await house.define("gateway")
        await house.kill("gateway")
        await house.engine.write(
            lambda transaction: transaction.run("alter table flag_event rename to elsewhere")
        )
        house.service.publisher.wake()
        for _ in range(3):
            assert (await house.ask("/gateway", {}))[1]["value"] is False
        for _ in range(200):  # it looks twice a second
            if any(getattr(record, "action", "") == "flags_wait" for record in caplog.records):
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("nobody said that flags are as they were")
        assert (await house.ask("/gateway", {}))[1]["value"] is False
        await house.engine.write(
            lambda transaction: transaction.run("alter table elsewhere rename to flag_event")
        )
        await house.undo("gateway")
        assert (await house.ask("/gateway", {}))[1]["value"] is True


# Files


def test_each_file_is_younger_than_the_one_before_whatever_the_clock_does(tmp_path: Path) -> None:
    file = FlagFile(tmp_path, "production")
    assert file.replace([b"1"])
    ahead = file.path.stat().st_mtime_ns + 3_600_000_000_000
    os.utime(file.path, ns=(ahead, ahead))
    assert file.replace([b"2"])
    assert file.path.stat().st_mtime_ns >= ahead + 1_000_000
    assert not file.replace([b"2"])
    assert file.path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["production.flagd.json"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    file = FlagFile(tmp_path, "production")
    file.replace([b"old"])
    with file.path.open("rb") as reader:
        file.replace([b"new and longer"])
        assert reader.read() == b"old"
    assert file.path.read_bytes() == b"new and longer"


# Documents

MANY = [f"flag-{number}" for number in range(2 * BLOCK)]
KEYS = st.sampled_from(["a", "b", "c.d", "e-f", "flag-1", MANY[BLOCK], MANY[-1], "z"])
SERVED = st.sampled_from([None, *(json.dumps(SWITCH | {"defaultVariant": each}) for each in ("on", "off"))])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(KEYS, SERVED, max_size=3), max_size=8))
def test_a_document_that_was_changed_is_the_one_that_is_read_anew(steps: list[dict[str, str | None]]) -> None:
    changed = Document("production")
    whole: dict[str, str | None] = dict.fromkeys(MANY, json.dumps(SWITCH))
    changed.apply(Change(0, dict(whole)))
    for number, flags in enumerate(steps, start=1):
        assert json.loads(changed.text)  # what is put together now is put together anew where it changes
        differing = {key for key, each in flags.items() if whole.get(key) != each}
        whole.update(flags)
        assert changed.apply(Change(number, flags)) == differing
    anew = Document("production")
    anew.apply(Change(len(steps), {key: each for key, each in whole.items() if each is not None}))
    assert (changed.etag, changed.text, changed.keys) == (anew.etag, anew.text, anew.keys)
    assert json.loads(changed.text)["flags"] == {
        key: json.loads(each) for key, each in whole.items() if each is not None
    }


def test_only_the_flag_that_changed_is_evaluated_anew() -> None:
    document = Document("production")
    document.apply(Change(1, {"a": json.dumps(SWITCH), "b": json.dumps(SWITCH)}))
    before = {key: document.evaluator(key) for key in ("a", "b")}
    document.apply(Change(2, {"a": json.dumps(SWITCH | {"defaultVariant": "off"}), "b": json.dumps(SWITCH)}))
    assert document.evaluator("b") is before["b"]
    assert document.evaluator("a") is not before["a"]


def test_an_undo_puts_every_user_back_where_a_rollout_had_them() -> None:
    rollout = SWITCH | {"targeting": {"fractional": [["on", 37], ["off", 63]]}}
    definition = Definition.read("gateway", rollout)
    held = json.dumps(definition.held("off"))
    document = Document("production")

    def buckets() -> dict[str, bytes]:
        evaluator = document.evaluator("gateway")
        assert evaluator is not None
        return {user: evaluator.answer(Context(user, {})).body for user in map(str, range(200))}

    document.apply(Change(1, {"gateway": definition.text}))
    before = buckets()
    assert len(set(before.values())) == 2
    document.apply(Change(2, {"gateway": held}))
    assert set(buckets().values()) == {evaluated(held)}
    document.apply(Change(3, {"gateway": definition.text}))
    assert buckets() == before


def evaluated(served: str) -> bytes:
    return Evaluator("gateway", served).answer(Context(None, {})).body


def test_what_was_read_before_is_not_taken_over_what_was_read_later() -> None:
    document = Document("production")
    document.apply(Change(2, {"a": json.dumps(SWITCH | {"defaultVariant": "off"})}))
    assert document.apply(Change(1, {"a": json.dumps(SWITCH)})) == set()
    assert '"defaultVariant": "off"' in (document.served("a") or "")
