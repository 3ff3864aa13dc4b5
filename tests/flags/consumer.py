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


def watch(client: Any, flag: str, closed: threading.Event) -> None:
    """Print each value that differs from the one before: when the provider says so, and by asking often."""
    changed, lock = threading.Event(), threading.Lock()
    last: list[Any] = [None]

    def look(_: Any = None) -> None:
        with lock:
            value = client.get_boolean_value(flag, True)
            if value is not last[0]:
                last[0] = value
                print(json.dumps({"at": time.time(), "value": value}), flush=True)

    client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, look)
    while not closed.is_set():
        look()
        changed.wait(0.002)


def main() -> None:
    logging.disable(logging.CRITICAL)  # an application whose bot is down says so a few hundred times
    kind, where, token = (*sys.argv[1:], "")[:3]
    try:
        api.set_provider_and_wait(provider(kind, where, token))
    except OpenFeatureError as error:
        print(json.dumps({"ready": False, "why": str(error)}), flush=True)
    else:
        print(json.dumps({"ready": True}), flush=True)
    client, closed = api.get_client(), threading.Event()
    for line in sys.stdin:
        wanted = json.loads(line)
        if "watch" in wanted:
            threading.Thread(target=watch, args=(client, wanted["watch"], closed), daemon=True).start()
        else:
            print(json.dumps(asked(client, wanted)), flush=True)
    closed.set()


if __name__ == "__main__":
    main()
