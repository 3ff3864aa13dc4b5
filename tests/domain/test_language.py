"""The catalogue that every sentence goes through, in the language it was written in."""

from bot.domain.language import English, Translate

t: Translate = English()


def test_english_fills_the_named_places_of_a_sentence() -> None:
    assert t("{who} leads {incident}.", who="Ana", incident="INC-7") == "Ana leads INC-7."


def test_one_takes_the_singular_and_every_other_count_the_plural() -> None:
    said = [t.n("{count} step is open", "{count} steps are open", count) for count in (0, 1, 2)]
    assert said == ["0 steps are open", "1 step is open", "2 steps are open"]


def test_a_plural_may_show_the_count_in_its_own_way() -> None:
    assert t.n("{count} step", "{count} steps", 1200, count="1,200") == "1,200 steps"


def test_braces_typed_by_a_person_stay_as_they_were_typed() -> None:
    assert t("Title: {title}", title="{who} broke {0}") == "Title: {who} broke {0}"
