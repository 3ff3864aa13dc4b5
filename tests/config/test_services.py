"""Services and critical paths in the settings file: read, and refused with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_settings import loaded, refusal


def test_services_say_who_is_called_and_which_paths_go_through_them(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        '[[services]]\nname = "payments-api"\non_call = "@payments-oncall"\nresponders = ["U0123ABCD"]\n'
        'paths = ["payment"]\n',
    ).landscape
    hit = found.affected(["payments-api"], [])
    assert (hit.paths, hit.on_call, hit.invited) == (("payment",), ("@payments-oncall",), ("U0123ABCD",))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('services = [{ name = "a", paths = ["paymnt"] }]', "did you mean 'payment'?"),
        ('services = [{ name = "a" }, { name = "a" }]', "services has 'a' twice"),
        ('critical_paths = [{ name = "a" }, { name = "a" }]', "critical_paths has 'a' twice"),
        ('services = [{ name = "a", on_call = "Payments On Call" }]', "must be a user group's id or handle"),
        ('services = [{ name = "a", responders = ["@bo"] }]', "at most 30 member ids"),
        ("critical_paths = []", "must be a list of 1 to 10 critical paths"),
    ],
)
def test_a_service_that_cannot_be_is_said(tmp_path: Path, toml: str, said: str) -> None:
    assert said in refusal(tmp_path, toml)
