"""The forms ask for no more than is needed, and fit."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.domain.affected import PATHS_MAX, SERVICES_MAX, CriticalPath, Landscape, Service
from bot.domain.runbook import Runbook
from bot.domain.vocabulary import REASON_MAX, TITLE_MAX, Severity
from bot.sandbox.limits import check_view
from bot.slack.declaring import declare_form
from bot.slack.ids import Origin, StepAim
from bot.slack.modals import notice, skip_form
from tests.slack.made import FACE, incident, long_steps


def test_the_declare_form_asks_what_is_broken_and_how_bad_it_is() -> None:
    form = declare_form(FACE, Origin())
    check_view(form)
    assert [block["label"]["text"] for block in form["blocks"]] == [
        "What is broken?",
        "How bad is it?",
        "Which critical paths do not work?",
        "When did it begin?",
        "Who may see it?",
    ]
    assert form["blocks"][0]["element"]["max_length"] == TITLE_MAX


def test_each_severity_stands_there_with_its_meaning_and_none_is_chosen() -> None:
    choice = declare_form(FACE, Origin())["blocks"][1]["element"]
    told = [(option["text"]["text"], option["description"]["text"]) for option in choice["options"]]
    assert told[0] == ("P0", "total blockage of the product or of a key business flow")
    assert len(told) == 5
    assert "initial_option" not in choice


def test_a_severity_that_was_typed_is_chosen() -> None:
    form = declare_form(FACE, Origin(), Severity.P1)
    check_view(form)
    assert form["blocks"][1]["element"]["initial_option"]["value"] == "P1"


def test_the_form_remembers_where_the_answer_goes() -> None:
    form = declare_form(FACE, Origin(response_url="https://hooks.example/1"))
    assert json.loads(form["private_metadata"]) == {"response_url": "https://hooks.example/1"}


def test_the_skip_form_shows_the_step_and_asks_why_it_can_wait() -> None:
    made = incident()
    form = skip_form(FACE, StepAim(incident=7, step="tell"), made.items[2])
    check_view(form)
    assert form["blocks"][0]["text"]["text"] == "*Tell support*"
    assert form["blocks"][1]["label"]["text"] == "Why can it wait?"
    assert form["blocks"][1]["element"]["max_length"] == REASON_MAX


def test_the_longest_step_fits_the_skip_form() -> None:
    made = incident(steps=long_steps(1))
    check_view(skip_form(FACE, StepAim(incident=7, step=made.items[0].step.id), made.items[0]))


def test_severities_with_long_meanings_or_none_fit() -> None:
    for meanings in (dict.fromkeys(Severity, "🔥" * 500), {}):
        face = type(FACE)(t=FACE.t, meanings=meanings, zone=FACE.zone, announcements="incidents")
        check_view(declare_form(face, Origin(), Severity.P0))


def test_a_notice_says_one_thing() -> None:
    view = notice(FACE, "Nothing was changed.")
    check_view(view)
    assert "submit" not in view


def test_the_largest_landscape_fits_the_declare_form() -> None:
    long = Landscape(
        services=tuple(Service(name=f"{number:03}{'&' * 72}") for number in range(SERVICES_MAX)),
        paths=tuple(CriticalPath(name=f"{number:02}{'<' * 73}") for number in range(PATHS_MAX)),
    )
    runbooks = [Runbook(id=f"r-{number}", title="*" * 100, phases=long_steps(1)) for number in range(120)]
    meanings = dict.fromkeys(Severity, "long words " * 18)
    form = declare_form(replace(FACE, landscape=long, meanings=meanings), Origin(), Severity.P0, runbooks)
    check_view(form)
