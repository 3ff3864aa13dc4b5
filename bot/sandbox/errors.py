"""What the Web API answers when it refuses: `{"ok": false, "error": code, …}`."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """A documented refusal. `extra` is merged into the answer; `status` and `headers` shape the response."""

    def __init__(
        self, code: str, *, status: int = 200, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = headers or {}
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.code, **self.extra}


class NotPossibleError(Exception):
    """A person tried what Slack's client would not let them do. The text is one sentence that says why."""
