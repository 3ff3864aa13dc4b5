"""The address of a PostgreSQL shows itself without its password, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from bot.storage.address import PostgresAddress, parse_address


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ana:hidden@db.example.com:5433/fire", "postgresql://ana@db.example.com:5433/fire"),
        ("postgres://:hidden@h/d?sslpassword=hidden&sslmode=require", "postgresql://h/d"),
        ("postgresql://a,b:5433/d?target_session_attrs=read-write", "postgresql://a,b:5433/d"),
        ("postgresql://[::1]:5433/d", "postgresql://[::1]:5433/d"),
        ("postgresql:///d?host=/run/postgresql&password=hidden/hidden", "postgresql:///d"),
        ("postgresql://", "postgresql://"),
    ],
)
def test_user_hosts_and_database_are_shown(text: str, shown: str) -> None:
    address = parse_address(text)
    assert str(address) == shown
    assert isinstance(address, PostgresAddress)
    assert address.url.get_secret_value() == text
    assert "hidden" not in f"{address!r} {address.model_dump()} {address.model_dump_json()}"


@pytest.mark.parametrize("text", ["firebreak.db", "/var/lib/fire break.db", "postgresql", "a:b@c"])
def test_everything_else_is_a_file(text: str) -> None:
    assert parse_address(text) == Path(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ana:hid@den@h/d",
        "postgresql://ana:hid/den@h/d",
        "postgresql://ana:hid#den@h/d",
        "postgresql://ana:hid:den@h/d",
        "postgresql://ana:hid den@h/d",
        "postgresql://ana:hid?den@h/d",
        "postgresql:///d?password=hid@den",
        "mysql://ana:hid@den/x@h/d",
    ],
)
def test_what_could_be_misread_is_refused_and_no_piece_of_it_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        parse_address(text)
    assert not {"hid", "den", "hidden"} & set(str(refused.value).replace("/", " ").replace("@", " ").split())


@given(password=st.text(st.sampled_from("ab:/@?#&=%[],. "), min_size=1, max_size=8))
def test_a_password_that_libpq_finds_is_never_shown(password: str) -> None:
    """The reader of the driver itself says what it would take for the password."""
    text = f"postgresql://user:{password}@host/name"
    try:
        shown = str(parse_address(text))
    except ValueError as refused:
        assert f":{password}@" not in str(refused)
        return
    try:
        found = conninfo_to_dict(text)
    except ProgrammingError:
        return  # a % that is no escape: refused when it is opened
    assert shown == f"postgresql://{found['user']}@{found['host']}/{found['dbname']}"
