"""The runbooks we ship: each loads, each phase has its promise, and no step id changes unseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.runbook import PHASES_WITH_STEPS, Runbook, best_match
from bot.domain.vocabulary import Phase, Role
from bot.services.runbooks import BUILT_IN, Library

LIBRARY = Library.load([BUILT_IN])
BY_ID = {runbook.id: runbook for runbook in LIBRARY.runbooks}

# Stored in timelines and named in exports. A step may be added or left out; an id is never used for another step.
STEP_IDS = {
    "database-overload": (
        "scope stop-migration stop-changes end-the-worst shed-load make-room no-blind-failover "
        "tell-people prove-it "
        "check-data mend-the-harm name-the-cause fix-live bring-back "
        "restore-flags limits alert migration-check try-restore review "
    ),
    "error-surge": (
        "scope undo-last-change cut-off protect-the-core stop-retries check-below tell-people "
        "prove-it "
        "name-the-cause mend-the-harm fix-live restore-capacity "
        "restore-flags alert contain-by-itself review "
    ),
    "failed-deploy": (
        "stop-changes scope flag-off decide-direction carry-it-out caches-and-clients "
        "tell-people prove-it "
        "mend-the-harm keep-main-clean name-the-cause fix-live "
        "restore-flags stop-by-itself rehearse two-steps review "
    ),
    "general": (
        "scope undo-last-change stop-the-spread keep-evidence get-help tell-people prove-it "
        "name-the-cause mend-the-harm fix-live drain-backlog "
        "restore-flags alert catch-it-before write-the-runbook review "
    ),
    "login-broken": (
        "scope attack-or-fault keep-sessions undo-last-change other-door stop-lockouts "
        "tell-people prove-it "
        "unlock half-accounts check-security name-the-cause fix-live "
        "alert probe expiry-dates review "
    ),
    "payment-failures": (
        "scope contain-new-gateway stop-changes stop-double-charges check-provider keep-evidence tell-people "
        "prove-it "
        "settle-unknown refund-double name-the-cause fix-live drain-backlog "
        "restore-gateway alert-on-success-rate catch-it-before rehearse review "
    ),
    "queue-stuck": (
        "scope poison undo-last-change free-consumers slow-producers add-consumers tell-people "
        "prove-it "
        "count-lost mend-the-harm dead-letters bring-back name-the-cause fix-live "
        "alert bound-retries separate review "
    ),
    "slow-checkout": (
        "scope keep-traces undo-last-change shed-extras cut-waiting stop-double-charges add-room "
        "tell-people prove-it "
        "find-the-wait name-the-cause mend-the-harm fix-live restore-extras "
        "alert budget load-test review "
    ),
    "third-party-down": (
        "scope is-it-them cut-loose fall-back keep-the-work open-ticket tell-people prove-it "
        "confirm-back drain-backlog reconcile undo-fallbacks name-the-cause "
        "restore-flags alert automatic-fallback rehearse review "
    ),
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
    assert [step.id for step in runbook.steps()] == STEP_IDS[runbook.id].split()


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


@pytest.mark.parametrize(
    ("title", "id"),
    [
        ("Order queue is stuck, consumer lag 40 min", "queue-stuck"),
        ("Emails pile up in the dead letter queue", "queue-stuck"),
        ("Search broken since the last deploy", "failed-deploy"),
        ("Checkout is slow, p95 9 s", "slow-checkout"),
        ("502 Bad Gateway on every page", "error-surge"),
        ("API error rate 30 %", "error-surge"),
        ("Shipping provider answers nothing", "third-party-down"),
        ("Postgres: too many connections", "database-overload"),
        ("Migration locks the orders table", "database-overload"),
        ("Nobody can log in", "login-broken"),
        ("Signup: verification code never arrives", "login-broken"),
        ("Password reset mails missing", "login-broken"),
    ],
)
def test_a_title_starts_the_runbook_that_people_would_reach_for(title: str, id: str) -> None:
    best = best_match(LIBRARY.runbooks, title)
    assert best is not None
    assert best.id == id


@pytest.mark.parametrize("runbook", LIBRARY.runbooks, ids=lambda runbook: runbook.id)
def test_people_are_told_and_the_review_is_held_in_time(runbook: Runbook) -> None:
    steps = {step.id: step for step in runbook.steps()}
    assert steps["tell-people"].owner is Role.COMMUNICATIONS
    assert (steps["tell-people"].due_after or 0) <= 30
    assert steps["review"].due_after == 5 * 24 * 60
    assert Role.COMMANDER in runbook.roles


@pytest.mark.parametrize("runbook", LIBRARY.runbooks, ids=lambda runbook: runbook.id)
def test_stabilize_begins_with_finding_the_harm_or_stopping_it_and_ends_with_proof(runbook: Runbook) -> None:
    steps = runbook.phases[Phase.STABILIZE]
    assert steps[0].id in ("scope", "stop-changes")
    assert steps[-1].id == "prove-it"
    assert steps[0].required
    assert steps[-1].required


@pytest.mark.parametrize("title", ["Search is slow", "repayable loans page is wrong", "🔥", "apple is red"])
def test_a_title_that_no_runbook_knows_starts_the_general_one(title: str) -> None:
    assert best_match(LIBRARY.runbooks, title) == BY_ID["general"]


def test_the_example_in_the_readme_is_a_runbook_that_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (BUILT_IN / "README.md").read_text(), re.DOTALL)
    (tmp_path / "example.yaml").write_text(example)
    library = Library.load([tmp_path])
    assert library.problems == []
    assert [runbook.id for runbook in library.runbooks] == ["search-down"]


FRENCH = Library.load([BUILT_IN], "fr")


def facts(runbook: Runbook) -> dict[str, object]:
    """Everything of a runbook that is no language."""
    words = {"text", "why"}
    return {
        "id": runbook.id,
        "roles": runbook.roles,
        "steps": {
            phase: [step.model_dump(exclude=words) for step in runbook.phases[phase]]
            for phase in PHASES_WITH_STEPS
        },
        "questions": {
            phase: [(each.id, each.required) for each in asked] for phase, asked in runbook.questions.items()
        },
    }


def test_every_runbook_is_there_in_french_and_differs_in_its_words_alone() -> None:
    assert FRENCH.problems == []
    for english, french in zip(LIBRARY.runbooks, FRENCH.runbooks, strict=True):
        assert facts(french) == facts(english)
        assert french.title != english.title
        same = [
            step.id
            for step, other in zip(english.steps(), french.steps(), strict=True)
            if step.text == other.text or step.why == other.why
        ]
        assert same == []
        assert bool(french.matching.words) is bool(english.matching.words)


@pytest.mark.parametrize("runbook", FRENCH.runbooks, ids=lambda runbook: runbook.id)
def test_french_keeps_its_spaces_before_high_signs_from_breaking_the_line(runbook: Runbook) -> None:
    for text in (runbook.title, runbook.purpose, *(f"{step.text} {step.why}" for step in runbook.steps())):
        assert not any(sign in text for sign in (" ?", " !", " ;", " :", "« ", " »", " %", "'")), text


@pytest.mark.parametrize(
    ("title", "id"),
    [
        ("Les paiements par carte échouent", "payment-failures"),
        ("La file d’attente des commandes ne se vide plus", "queue-stuck"),
        ("Erreurs 502 partout", "error-surge"),
        ("Panne depuis le dernier déploiement", "failed-deploy"),
        ("Paiement lent, p95 à 9 s", "slow-checkout"),
        ("Le transporteur ne répond plus", "third-party-down"),
        ("Trop de verrous sur la base de données", "database-overload"),
        ("Impossible de se connecter", "login-broken"),
        ("La recherche ne trouve rien", "general"),
    ],
)
def test_a_french_title_starts_the_runbook_that_people_would_reach_for(title: str, id: str) -> None:
    best = best_match(FRENCH.runbooks, title)
    assert best is not None
    assert best.id == id


def test_what_has_no_french_file_stays_english_and_a_broken_one_is_named(tmp_path: Path) -> None:
    for name in ("queue-stuck", "general"):
        (tmp_path / f"{name}.yaml").write_text((BUILT_IN / f"{name}.yaml").read_text())
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "queue-stuck.yaml").write_text((BUILT_IN / "fr" / "queue-stuck.yaml").read_text())
    (tmp_path / "fr" / "general.yaml").write_text("id: general\n")
    library = Library.load([tmp_path], "fr")
    assert [each.title for each in library.runbooks] == [BY_ID["general"].title, "Une file est bloquée"]
    assert {problem.file.parent.name for problem in library.problems} == {"fr"}
