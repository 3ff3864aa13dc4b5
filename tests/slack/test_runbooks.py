"""The form that changes the runbook says which one fits, and because of what."""

from __future__ import annotations

import pytest

from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.runbook import Match, Matching, Runbook, matches
from bot.sandbox.limits import check_view
from bot.services.runbooks import BUILT_IN, Library
from bot.slack.runbooks import because, runbook_form
from tests.slack.made import FACE, STEPS, incident

LIBRARY = Library.load([BUILT_IN]).runbooks
t = English()


def runbook(id: str = "a", matching: Matching | None = None, title: str = "A", purpose: str = "") -> Runbook:
    return Runbook(id=id, title=title, purpose=purpose, matching=matching or Matching(), phases=STEPS)


def form_for(made: Incident) -> dict[str, object]:
    form = runbook_form(made, matches(LIBRARY, made.title), FACE)
    check_view(form)
    return form


@pytest.mark.parametrize(
    ("match", "said"),
    [
        (Match(runbook=runbook(), words=("card", "3ds")), "because the title says “card”, “3ds”"),
        (Match(runbook=runbook(), services=("api",)), "because it affects “api”"),
        (
            Match(runbook=runbook(), words=("card",), services=("api",), labels=("team=pay",)),
            "because the title says “card” and it affects “api” and it is labelled “team=pay”",
        ),
        (Match(runbook=runbook()), "for what no other runbook fits"),
        (Match(runbook=runbook(matching=Matching(words=("x",)))), ""),
    ],
)
def test_the_reason_names_what_speaks_for_it(match: Match, said: str) -> None:
    assert because(match, t) == said


def test_the_best_one_is_suggested_with_its_reason_and_chosen_already() -> None:
    form = form_for(incident(title="Postgres: too many connections"))
    told = str(form["blocks"])
    assert "*Now:* Payments fail" in told
    assert "because the title says “postgres”, “too many connections”" in told
    assert "`/incident runbook database-overload`" in told
    assert "'initial_option': {'text': {'type': 'plain_text', 'text': 'The database is overloaded" in told


def test_when_the_one_in_use_fits_best_it_says_so_and_chooses_no_other() -> None:
    told = str(form_for(incident(title="card declined"))["blocks"])
    assert "It fits best, because the title says “card”." in told
    assert "initial_option" not in told


def test_when_nothing_fits_all_can_be_chosen() -> None:
    told = str(form_for(incident(title="🔥"))["blocks"])
    assert "No runbook's words stand in the title." in told
    assert all(f"'value': '{each.id}'" in told for each in LIBRARY)


def test_many_runbooks_of_the_longest_words_fit() -> None:
    matching = Matching(words=tuple(f"{'&' * 60}x{n}" for n in range(9)))
    many = [runbook(f"r-{n}", matching, "&" * 100, "&" * 500) for n in range(130)]
    made = incident(title=" ".join(f"x{n}" for n in range(9)))
    check_view(runbook_form(made, matches(many, made.title), FACE))
