"""Log lines for people: time, level, sentence, then the fields. No tokens and no message bodies get in."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

BOLT_LOGGER = "firebreak.bolt"  # Bolt hangs all of its loggers' settings on the one it is given
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class WithFields(logging.Formatter):
    """`12:00:01.234 INFO incident declared action=declared incident=42`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        fields = {key: value for key, value in vars(record).items() if key not in STANDARD}
        line = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}Z {record.levelname} {record.getMessage()}"
        line += "".join(f" {key}={value}" for key, value in fields.items())
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure(level: str = "INFO") -> None:
    """Log to stderr; the libraries below us only when something is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithFields())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in (BOLT_LOGGER, "slack_bolt", "slack_sdk", "aiohttp"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # each attempt to connect again, several a second, when what waits for the database says so itself
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
