"""Where a database is: the path of a file, or the address of a PostgreSQL, shown without its password."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

SCHEMES = ("postgresql://", "postgres://")
EXAMPLE = "postgresql://firebreak@db.example.com/firebreak"
# Strict, so that what is shown can never hold a piece of what is not: a password with an @ or a / in it must be
# written as %40 or %2F, which libpq asks for as well.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^\s:@/?#]*)(?::[^\s:@/?#]*)?@)?(?P<hosts>[^\s@/?#]*)"
    r"(?P<database>/[^\s:@/?#]*)?(?:\?[^\s@#]*)?"
)


class PostgresAddress(BaseModel):
    """As libpq understands it. Shown are user, hosts and database alone."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr

    def __str__(self) -> str:
        found = ADDRESS.fullmatch(self.url.get_secret_value())
        if found is None:
            raise AssertionError("made by parse_address alone")
        user = f"{found['user']}@" if found["user"] else ""
        return f"postgresql://{user}{found['hosts']}{found['database'] or ''}"


def parse_address(text: str) -> Path | PostgresAddress:
    """What FIREBREAK_DATABASE names; raises ValueError, which repeats no password."""
    if text.startswith(SCHEMES):
        if not ADDRESS.fullmatch(text):
            raise ValueError(
                f"is no address that PostgreSQL could read; write one like {EXAMPLE!r}, and characters such as "
                "@, / and # in a password as %40, %2F and %23"
            )
        return PostgresAddress(url=SecretStr(text))
    if "://" in text or text == ":memory:":
        shown = re.sub(r"//.*@", "//…@", text)
        raise ValueError(f"is {shown!r}, but must be the path of a file, or an address like {EXAMPLE!r}")
    return Path(text)
