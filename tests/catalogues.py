"""Keep the catalogues: collect the texts of the code, bring each `.po` up to date, compile the `.mo` beside it.

`make messages` runs it. Babel is a tool of the developers: the bot itself needs gettext alone.
"""

from __future__ import annotations

import ast
import io
import string
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot.services.languages import DOMAIN, ENGLISH, LANGUAGES, LOCALES

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("bot", "handlers")
NOT_OURS = (ROOT / "bot" / "sandbox", ROOT / "bot" / "stories")  # a stranger, and what people type into it
# What takes a text for people as its first literal; `n` takes two forms.
SAYING = {"t", "n", "Refused", "Unanswered", "BadWindow", "marked"}

Key = str | tuple[str, str]


def said() -> dict[Key, list[str]]:
    """Every text that the code says to people, with the files that say it."""
    found: dict[Key, list[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not any(path.is_relative_to(other) for other in NOT_OURS):
                for key in _in_code(ast.parse(path.read_text(encoding="utf-8"))):
                    place = str(path.relative_to(ROOT))
                    if place not in found.setdefault(key, []):
                        found[key].append(place)
    return found


def _in_code(tree: ast.AST) -> Iterator[Key]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node.func) not in SAYING:
            continue
        texts = [
            each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if _name(node.func) == "n" and len(texts) >= 2:
            yield texts[0], texts[1]
        elif texts and texts[0]:
            yield texts[0]


def _name(function: ast.expr) -> str:
    """`t` of `t(…)`, of `face.t(…)`; of `super().__init__(…)` the empty one."""
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return ""


def po(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def catalogue(language: str) -> Catalog:
    """The catalogue as its file has it."""
    with po(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def compiled(language: str) -> bytes:
    """What stands in the `.mo`."""
    target = io.BytesIO()
    write_mo(target, catalogue(language))
    return target.getvalue()


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def wrong_places(message: Message) -> list[str]:
    """Translations whose placeholders are not those of the text. A plural form may leave `{count}` out."""
    originals, translations = _forms(message.id), _forms(message.string)
    allowed = set().union(*(placeholders(each) for each in originals))
    needed = allowed - {"count"} if len(originals) > 1 else allowed
    return [each for each in translations if each and not needed <= placeholders(each) <= allowed]


def _forms(texts: object) -> list[str]:
    """One text, or each form of a plural."""
    return [str(each) for each in texts] if isinstance(texts, (tuple, list)) else [str(texts or "")]


def update(language: str) -> None:
    """Write the `.po` anew from the code, with the translations that it has, and compile it."""
    known = catalogue(language) if po(language).exists() else Catalog(locale=language, domain=DOMAIN)
    fresh = Catalog(
        locale=language,
        domain=DOMAIN,
        header_comment="# What Firebreak says, in another language. docs/languages.md says how to write here.",
        project="Firebreak",
        version="1",
        msgid_bugs_address="the issues of the project",
        last_translator="Firebreak",
        language_team="Firebreak",
        fuzzy=False,
    )
    fresh.revision_date = fresh.creation_date = known.creation_date
    for key, places in sorted(said().items(), key=lambda each: (each[1][0], str(each[0]))):
        before = known.get(key)
        fresh.add(key, before.string if before else None, locations=[(place, 0) for place in places])
    with po(language).open("wb") as file:
        write_po(file, fresh, width=120, include_lineno=False)
    po(language).with_suffix(".mo").write_bytes(compiled(language))


if __name__ == "__main__":
    for each in LANGUAGES:
        if each != ENGLISH:
            update(each)
