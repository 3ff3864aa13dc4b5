"""The catalogues are whole, current and of the same shape as the texts; what is missing is said in English."""

from __future__ import annotations

import gettext

import pytest
from babel.messages.catalog import Message

from bot.config.spoken import MEANINGS
from bot.domain.incident import Incident
from bot.domain.metrics.wording import day_words, duration_words
from bot.domain.naming import refusal_words, role_word
from bot.domain.rules import decide
from bot.domain.runbook import matches
from bot.domain.vocabulary import Phase, Refused, Role
from bot.sandbox.limits import check_view
from bot.services.languages import ENGLISH, LANGUAGES, Catalogue, translation
from bot.services.runbooks import BUILT_IN, Library
from bot.slack.cards import incident_card
from bot.slack.checklist import checklist
from bot.slack.declaring import declare_form
from bot.slack.face import Face
from bot.slack.ids import Origin, StepAim
from bot.slack.modals import skip_form
from bot.slack.runbooks import runbook_form
from tests.catalogues import catalogue, compiled, po, said, wrong_places
from tests.domain.samples import NOON, after, leave
from tests.slack.made import FACE, check, incident, long_steps, read

TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]
FRENCH = translation("fr")
FRENCH_FACE = Face(t=FRENCH, meanings=FACE.meanings, zone=FACE.zone, announcements="incidents")
UPDATE = "run `make messages`, then write what is empty in"


def messages(language: str) -> dict[object, Message]:
    return {message.id: message for message in catalogue(language) if message.id}


def is_whole(message: Message) -> bool:
    forms = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return all(forms)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_code_is_translated_and_nothing_else(language: str) -> None:
    texts, known = set(said()), messages(language)
    assert sorted(map(str, texts - set(known))) == [], f"{UPDATE} {po(language)}"
    assert sorted(map(str, set(known) - texts)) == [], f"obsolete; {UPDATE} {po(language)}"
    assert [key for key, message in known.items() if not is_whole(message)] == [], f"{UPDATE} {po(language)}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    assert [wrong for message in messages(language).values() for wrong in wrong_places(message)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_read_is_what_was_written(language: str) -> None:
    assert po(language).with_suffix(".mo").read_bytes() == compiled(language), "run `make messages`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_marks_and_commands_of_a_text_are_in_its_translation(language: str) -> None:
    for key, message in messages(language).items():
        if isinstance(key, str) and isinstance(message.string, str):
            assert key.count("`") == message.string.count("`"), key
            assert key.count("*") == message.string.count("*"), key
            assert (key[0].isspace(), key[-1].isspace()) == (
                message.string[0].isspace() and key[0].isspace(),
                message.string[-1].isspace(),
            ), key


def test_french_keeps_its_spaces_before_high_signs_from_breaking_the_line() -> None:
    for key, message in messages("fr").items():
        forms = message.string if isinstance(message.string, (tuple, list)) else [message.string]
        for text in map(str, forms):
            bare = "".join(text.split("`")[::2])
            assert not any(sign in bare for sign in (" ?", " !", " ;", " :", "« ", " »", " %", "'")), key


def test_what_has_no_translation_is_said_in_english() -> None:
    empty = Catalogue(gettext.NullTranslations())
    assert empty("{who} leads", who="Ana") == "Ana leads"
    assert FRENCH("Never said anywhere: {x}", x=1) == "Never said anywhere: 1"
    assert [FRENCH.n("{count} whale", "{count} whales", count) for count in (1, 2)] == ["1 whale", "2 whales"]
    assert FRENCH("") == ""


def test_french_counts_in_its_own_way() -> None:
    one, many = "{count} test", "{count} tests"
    assert [FRENCH.n(one, many, count) for count in (0, 1, 2)] == ["0 test", "1 test", "2 tests"]


def test_braces_typed_by_a_person_stay_as_they_were_typed() -> None:
    assert FRENCH("{who}: {text}", who="Ana", text="{text} {0}") == "Ana\u00a0: {text} {0}"


def test_times_and_days_are_said_in_the_words_of_the_language() -> None:
    assert duration_words(5 * 3600 + 600, FRENCH) == "5\u00a0h 10\u00a0min"
    assert duration_words(3 * 86400, FRENCH) == "3\u00a0j"
    assert day_words(NOON, FRENCH) == "sam. 21 nov. 2026"


def test_phases_and_roles_in_a_refusal_are_translated_too() -> None:
    with pytest.raises(Refused) as refused:
        decide(after(), leave(Phase.STABILIZE), NOON)
    assert str(refused.value).startswith("Phase stabilize is not over. Press *Done*")
    assert refusal_words(refused.value, FRENCH).startswith("La phase stabilisation n’est pas terminée.")
    assert FRENCH_FACE.refusal(refused.value).startswith("La phase stabilisation")
    assert role_word(Role.COMMANDER, FRENCH) == "pilote"


def test_card_and_checklist_are_drawn_in_french() -> None:
    made = incident()
    card = read(check(incident_card(made, FRENCH_FACE, NOON)))
    assert "*Pilote\u00a0: personne pour l’instant.* Appuyez sur *Prendre le pilotage*" in card
    told = read(check(checklist(made, FRENCH_FACE, NOON)))
    assert "*Stabilisation\u00a0: 0 sur 3 faites*" in told
    assert "☐ *Note which payments fail* (obligatoire)" in told
    check(checklist(incident(steps=long_steps(20)), FRENCH_FACE, NOON))


def test_forms_fit_in_french_without_being_cut() -> None:
    made: Incident = incident()
    forms = [
        declare_form(FRENCH_FACE, Origin()),
        skip_form(FRENCH_FACE, StepAim(incident=7, step="tell"), made.items[2]),
        runbook_form(made, matches(Library.load([BUILT_IN]).runbooks, made.title), FRENCH_FACE),
    ]
    for form in forms:
        check_view(form)
        for part in ("title", "submit", "close"):
            assert not form[part]["text"].endswith("…"), form[part]


def test_severities_without_a_meaning_of_the_house_have_ours_in_french() -> None:
    assert all(FRENCH(meaning) != meaning for meaning in MEANINGS.values())
