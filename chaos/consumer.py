"""An application of somebody else's: reads one flag through an official provider and prints what it serves.

    python consumer.py ofrep http://127.0.0.1:3000 TOKEN
    python consumer.py file /path/production.flagd.json
    python consumer.py grpc 8015 TOKEN

For each line of JSON on stdin it prints one: {"flag", "type", "default", "user"} is answered with value, reason,
variant and error. With {"watch": flag} it prints every value it sees change, with the time, until stdin closes.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import Any

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.exception import OpenFeatureError

OFTEN = 0.002  # seconds between two looks of a watch
UNSAFE_DEFAULT = True  # in its code, on purpose: a kill that is lost shows
WAITS = 20.0  # seconds for the first flags; the bot may be starting


def provider(kind: str, where: str, token: str) -> Any:
    match kind:
        case "ofrep":
            from openfeature.contrib.provider.ofrep import OFREPProvider

            return OFREPProvider(where, headers_factory=lambda: {"Authorization": f"Bearer {token}"})
        case "file":
            from openfeature.contrib.provider.flagd import FlagdProvider
            from openfeature.contrib.provider.flagd.config import ResolverType

            return FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=where)
        case "grpc":
            from openfeature.contrib.provider.flagd import FlagdProvider
            from openfeature.contrib.provider.flagd.config import ResolverType

            return FlagdProvider(
                resolver_type=ResolverType.IN_PROCESS,
                host="127.0.0.1",
                port=int(where),
                selector=token,
                deadline_ms=int(WAITS * 1000),
                retry_backoff_max_ms=1000,
            )
    raise SystemExit(f"there is no way to read flags called {kind!r}")


def asked(client: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    read = getattr(client, f"get_{wanted.get('type', 'boolean')}_details")
    context = EvaluationContext(wanted.get("user"), wanted.get("attributes") or {})
    found = read(wanted["flag"], wanted["default"], context)
    code = found.error_code
    return {
        "value": found.value,
        "reason": str(getattr(found.reason, "value", found.reason)),
        "variant": found.variant,
        "error": str(getattr(code, "value", code)) if code else None,
    }


class Watch:
    """Prints each value that differs from the one before: when the provider says so, and by asking often."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._last: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add(self, flag: str) -> None:
        with self._lock:
            self._last.setdefault(flag, None)
        if not self._thread.is_alive():
            self._client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, self._look)
            self._thread.start()

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(OFTEN):
            self._look()

    def _look(self, _: Any = None) -> None:
        with self._lock:
            for flag, before in self._last.items():
                value = self._client.get_boolean_value(flag, UNSAFE_DEFAULT)
                if value is not before:
                    self._last[flag] = value
                    print(json.dumps({"flag": flag, "at": time.time(), "value": value}), flush=True)


def main() -> None:
    logging.disable(logging.CRITICAL)  # an application whose bot is down says so a few hundred times
    kind, where, token = (*sys.argv[1:], "")[:3]
    try:
        api.set_provider_and_wait(provider(kind, where, token))
    except OpenFeatureError as error:
        print(json.dumps({"ready": False, "why": str(error)}), flush=True)
    else:
        print(json.dumps({"ready": True}), flush=True)
    client = api.get_client()
    watched = Watch(client)
    for line in sys.stdin:
        wanted = json.loads(line)
        if "watch" in wanted:
            watched.add(wanted["watch"])
        else:
            print(json.dumps(asked(client, wanted)), flush=True)
    watched.close()


if __name__ == "__main__":
    main()
