"""Languages in the settings file: what is said in them, unless the file words it itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.vocabulary import Severity
from tests.config.test_settings import loaded, refusal


def test_in_french_the_severities_mean_what_they_do_in_french_unless_the_file_says_so(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'language = "fr"\n[severity.P0]\nmeaning = "all is {lost}"')
    assert found.language == "fr"
    assert found.severity_meanings[Severity.P0] == "all is {lost}"
    assert found.severity_meanings[Severity.P4] == "cosmétique"
    assert found.root_causes[0] == "concurrence d’accès"
    assert tuple(path.name for path in found.landscape.paths) == (
        "inscription",
        "recherche",
        "panier",
        "paiement",
    )
    own = loaded(tmp_path, 'language = "fr"\n[[critical_paths]]\nname = "cart"').landscape
    assert [path.name for path in own.paths] == ["cart"]


def test_a_workspace_has_a_language_of_its_own(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, '[workspaces.T0FRANCE]\nlanguage = "fr"\n[severity.P0]\nmeaning = "nobody can buy"'
    )
    assert found.of_workspace("T0ELSEWHERE") == found
    there = found.of_workspace("T0FRANCE")
    assert (found.language, there.language) == ("en", "fr")
    assert there.severity_meanings[Severity.P0] == "nobody can buy"
    assert there.severity_meanings[Severity.P4] == "cosmétique"
    assert (there.root_causes[0], there.landscape.paths[0].name) == ("concurrence d’accès", "inscription")
    assert there.zone == found.zone


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            '[workspaces.acme]\nlanguage = "fr"',
            "name each by the workspace's id, such as [workspaces.T0123ABCD]",
        ),
        ('[workspaces.T1]\nlanguage = "de"', "workspaces.T1.language is 'de', but must be 'en' or 'fr'"),
    ],
)
def test_a_workspace_that_cannot_be_is_said(tmp_path: Path, toml: str, said: str) -> None:
    assert said in refusal(tmp_path, toml)
