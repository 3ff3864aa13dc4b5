"""The floors of the house and the habits we promised: imports point down, files stay small, doubles stay rare."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "bot.sandbox": 0,  # a stranger: it may import nothing of ours, and only stories, the demo and tests import it
    "bot.domain": 0,
    "bot.storage": 1,
    "bot.services": 2,
    "bot.flags": 2,
    "bot.charts": 2,
    "bot.slack": 3,
    "bot.web": 3,
    "handlers": 4,
    "bot": 5,  # __main__, app, config, demo, stories: they build the parts and introduce them
}
LINES_MAX, FUNCTION_MAX = 500, 60
DOUBLES = re.compile(r"\b(?:Mock|MagicMock|AsyncMock|monkeypatch|mocker|patch)\b")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str | None:
    """The longest entry of FLOORS that this module lies under; None for what is not ours."""
    inside = [name for name in FLOORS if module == name or module.startswith(name + ".")]
    return max(inside, key=len, default=None)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def imports_of_ours(*folders: str) -> Iterator[tuple[Path, int, str, str, str]]:
    for path in sources(*folders):
        here = room(module_of(path))
        for line, target in imported(path):
            there = room(target)
            if here is not None and there is not None:
                yield path, line, here, there, target


def test_imports_point_down() -> None:
    upward = [
        f"{path.relative_to(ROOT)}:{line} ({here}) imports {target}"
        for path, line, here, there, target in imports_of_ours("bot", "handlers")
        if FLOORS[there] > FLOORS[here]
    ]
    assert upward == []


def test_the_sandbox_is_a_stranger() -> None:
    ours = [
        f"{path.relative_to(ROOT)}:{line} imports {target}"
        for path, line, here, there, target in imports_of_ours("bot", "handlers")
        if (here == "bot.sandbox") != (there == "bot.sandbox") and FLOORS[here] < FLOORS["bot"]
    ]
    assert ours == []


@pytest.mark.parametrize(
    "package", ["aiohttp", "slack_sdk", "slack_bolt", "sqlite3", "sqlite_utils", "asyncio"]
)
def test_the_domain_does_no_input_or_output(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("bot/domain")
        for line, target in imported(path)
        if target.split(".")[0] == package
    ]
    assert found == []


def test_sql_lives_in_storage_alone() -> None:
    statement = re.compile(r"[\"'](?:select|insert into|update|delete from|create table)\s", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources("bot", "handlers")
        if "storage" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if statement.search(line)
    ]
    assert found == []


def test_the_bot_asks_no_flag_about_itself() -> None:
    """It serves flags; what it does never hangs on one. Only the serving side knows OpenFeature at all."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("bot", "handlers")
        if path.parent != ROOT / "bot" / "flags"
        for line, target in imported(path)
        if target.split(".")[0] in ("openfeature", "grpc")
    ]
    assert found == []


def test_starting_imports_nothing_that_only_serving_flags_needs() -> None:
    script = "import sys, bot.app; print(sorted({'openfeature', 'grpc', 'google'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_the_web_api_is_called_in_one_place() -> None:
    """A listener may ack, answer in private and open a modal, because a trigger_id dies in three seconds."""
    families = (
        "apps|auth|bookmarks|canvases|chat|conversations|files|pins|reactions|team|usergroups|users|views"
    )
    call = re.compile(rf"client\.((?:{families})_\w+)\(")
    allowed = {
        "bot/slack/client.py": re.compile(".*"),
        "bot/slack/uploads.py": re.compile(".*"),
        "bot/slack/accounts.py": re.compile("users_info"),
        "bot/slack/adopting.py": re.compile("conversations_info|conversations_members"),
        "bot/slack/bookmarks.py": re.compile("bookmarks_|chat_getPermalink"),
        "bot/slack/groups.py": re.compile("usergroups_"),
        "bot/slack/postmortems.py": re.compile("conversations_canvases|canvases_|conversations_info"),
        "bot/slack/reading.py": re.compile("reactions_get|chat_getPermalink|files_info"),
        "bot/app.py": re.compile("auth_test|apps_connections_open"),
        "bot/doctor/slack.py": re.compile("auth_test|apps_connections_open|conversations_list"),
    }
    found = [
        f"{path.relative_to(ROOT)}: {method}"
        for path in sources("bot", "handlers")
        if "sandbox" not in path.parts
        for method in call.findall(path.read_text())
        if not allowed.get(str(path.relative_to(ROOT)), re.compile("views_|chat_postEphemeral")).match(method)
    ]
    assert found == []


@pytest.mark.parametrize("module", [module_of(path) for path in sources("bot", "handlers")])
def test_every_file_says_what_it_is_for(module: str) -> None:
    path = next(path for path in sources("bot", "handlers") if module_of(path) == module)
    assert ast.get_docstring(ast.parse(path.read_text())), (
        f"{module} has no first line that says what it is for"
    )


def test_files_and_functions_stay_small() -> None:
    large = []
    for path in sources("bot", "handlers", "tests", "benchmarks", "chaos"):
        text = path.read_text()
        if text.count("\n") > LINES_MAX:
            large.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_MAX:
                    large.append(f"{path.relative_to(ROOT)}: {node.name} has {length} lines")
    assert large == []


def test_doubles_are_rarer_than_one_test_in_twenty() -> None:
    tests = doubles = 0
    for path in sources("tests"):
        if path == Path(__file__):
            continue
        text = path.read_text()
        tests += len(re.findall(r"^\s*(?:async )?def test_", text, re.MULTILINE))
        doubles += len(DOUBLES.findall(text))
    assert tests
    assert doubles / tests < 1 / 20


def test_importing_does_nothing() -> None:
    """No file, no network and no environment is touched by importing every module."""
    modules = [module_of(path) for path in sources("bot", "handlers") if path.name != "__main__.py"]
    script = (
        "import importlib, sys\n"
        "def watch(event, arguments):\n"
        "    if event in {'socket.connect', 'socket.bind', 'sqlite3.connect', 'subprocess.Popen'}:\n"
        "        raise SystemExit(f'importing caused {event} {arguments}')\n"
        "sys.addaudithook(watch)\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
