"""The catalogues: what Firebreak says in a language other than English, through gettext.

A catalogue is written in `bot/locale/<language>/LC_MESSAGES/firebreak.po` and read from the `.mo` beside it, which
is committed: a fresh clone, an editable install and a wheel work alike, without a step to build and without Babel.
What has no translation is said in English. docs/languages.md says how texts are added.
"""

from __future__ import annotations

import gettext
from pathlib import Path

from bot.domain.language import English, Translate

DOMAIN = "firebreak"
LOCALES = Path(__file__).resolve().parents[1] / "locale"
ENGLISH = "en"
LANGUAGES = (ENGLISH, "fr")


class Catalogue:
    """`Translate` over a gettext catalogue, with its rule for plurals."""

    def __init__(self, texts: gettext.NullTranslations) -> None:
        self._texts = texts

    def __call__(self, text: str, /, **params: object) -> str:
        # gettext keeps its header under the empty text
        return self._texts.gettext(text).format(**params) if text else ""

    def n(self, one: str, many: str, count: int, /, **params: object) -> str:
        """The form for `count`, by the language's own rule."""
        return self._texts.ngettext(one, many, count).format(**{"count": count, **params})


def translation(language: str) -> Translate:
    """What says texts in this language; one of `LANGUAGES`."""
    if language == ENGLISH:
        return English()
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        return Catalogue(gettext.GNUTranslations(file))
