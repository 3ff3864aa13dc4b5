"""The runbooks we ship: each loads, each phase has its promise, and no step id changes unseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.runbook import PHASES_WITH_STEPS, Runbook, best_match
from bot.domain.vocabulary import Phase
from bot.services.runbooks import BUILT_IN, Library

LIBRARY = Library.load([BUILT_IN])
BY_ID = {runbook.id: runbook for runbook in LIBRARY.runbooks}

# Stored in timelines and named in exports. A step may be added or left out; an id is never used for another step.
STEP_IDS = {
    "payment-failures": [
        *[
            "scope",
            "contain-new-gateway",
            "stop-changes",
            "stop-double-charges",
            "check-provider",
            "tell-people",
        ],
        *["prove-it", "settle-unknown", "refund-double", "name-the-cause", "fix-live", "drain-backlog"],
        *["restore-gateway", "alert-on-success-rate", "catch-it-before", "rehearse", "review"],
    ],
    "general": [
        *["scope", "undo-last-change", "stop-the-spread", "get-help", "tell-people", "prove-it"],
        *["name-the-cause", "mend-the-harm", "fix-live", "drain-backlog"],
        *["restore-flags", "alert", "catch-it-before", "write-the-runbook", "review"],
    ],
}


def test_every_runbook_we_ship_loads() -> None:
    assert LIBRARY.problems == []
    assert sorted(BY_ID) == sorted(path.stem for path in BUILT_IN.glob("*.yaml")) == sorted(STEP_IDS)


@pytest.mark.parametrize("runbook", LIBRARY.runbooks, ids=lambda runbook: runbook.id)
def test_no_phase_can_be_left_without_a_required_step(runbook: Runbook) -> None:
    for phase in PHASES_WITH_STEPS:
        assert any(step.required for step in runbook.phases[phase]), phase


@pytest.mark.parametrize("runbook", LIBRARY.runbooks, ids=lambda runbook: runbook.id)
def test_every_step_says_why(runbook: Runbook) -> None:
    assert [step.id for step in runbook.steps() if not step.why] == []


@pytest.mark.parametrize("runbook", LIBRARY.runbooks, ids=lambda runbook: runbook.id)
def test_step_ids_are_those_that_timelines_know(runbook: Runbook) -> None:
    assert [step.id for step in runbook.steps()] == STEP_IDS[runbook.id]


def test_payment_failures_name_the_flag_to_hold_while_stabilizing() -> None:
    steps = BY_ID["payment-failures"].phases[Phase.STABILIZE]
    assert [step.flag for step in steps if step.flag] == ["payments-new-gateway"]


@pytest.mark.parametrize(
    "title",
    [
        "checkout returns 500",
        "Payments fail in Germany",
        "3DS challenge never loads",
        "Customers CHARGED twice",
        "Stripe: elevated errors",
        "Apple Pay sheet closes by itself",
    ],
)
def test_a_title_about_payments_starts_the_payment_runbook(title: str) -> None:
    assert best_match(LIBRARY.runbooks, title) == BY_ID["payment-failures"]


@pytest.mark.parametrize("title", ["Search is slow", "repayable loans page is wrong", "🔥", "apple is red"])
def test_a_title_that_no_runbook_knows_starts_the_general_one(title: str) -> None:
    assert best_match(LIBRARY.runbooks, title) == BY_ID["general"]


def test_the_example_in_the_readme_is_a_runbook_that_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (BUILT_IN / "README.md").read_text(), re.DOTALL)
    (tmp_path / "example.yaml").write_text(example)
    library = Library.load([tmp_path])
    assert library.problems == []
    assert [runbook.id for runbook in library.runbooks] == ["search-down"]
