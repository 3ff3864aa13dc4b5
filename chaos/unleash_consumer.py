"""An application that reads its flags with Unleash's own client: a line in asks, a line out answers.

It is run by a Python of its own (`make test-unleash`), because the client wants other packages than ours.
"""

from __future__ import annotations

import json
import sys

from UnleashClient import UnleashClient


def main(url: str, token: str) -> None:
    client = UnleashClient(
        url=url,
        app_name="shop",
        custom_headers={"Authorization": token},
        refresh_interval=1,
        disable_metrics=True,
        disable_registration=True,
    )
    client.initialize_client()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        value = client.is_enabled(asked["flag"], {"userId": asked["user"]})
        print(json.dumps({"value": value}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
