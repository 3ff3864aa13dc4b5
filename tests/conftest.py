"""What every test may ask for: a sandbox (`slack`), and no Slack or Firebreak of the person who runs the tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["bot.sandbox.fixture", "tests.browser", "tests.postgres"]

# A machine that is busy with other things is not a mistake, so no example is timed.
settings.register_profile("firebreak", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("firebreak")

NO_SKIPS = "FIREBREAK_TEST_NO_SKIPS"  # set by .ci/run, where every component has been installed


def pytest_configure(config: pytest.Config) -> None:
    """Bolt reads SLACK_CLIENT_ID and its like from the environment at construction, whatever it is given."""
    for name in [name for name in os.environ if name.startswith(("SLACK_", "FIREBREAK_DATABASE"))]:
        del os.environ[name]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped: a person should see what their machine could not check."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
    for reason in list(dict.fromkeys(reasons))[:10]:
        terminalreporter.write_line(f"skipped: {reason.removeprefix('Skipped: ')}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Where everything has been installed, a skipped test is a failed one."""
    report = yield
    elsewhere = item.get_closest_marker("unleash") is not None  # `make test-unleash` runs these
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail") and not elsewhere:
        report.outcome = "failed"
    return report
