"""Which parts of a context a flag's rules read: two contexts that are equal in these get the same answer.

Only rules of operators that are known here to depend on nothing else are judged. What reads the time, the whole
context or who asks (a percentage does) is evaluated at every request, as is everything that is not known.
"""

from __future__ import annotations

from typing import Any, Final

COMPARING = {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "starts_with", "ends_with", "sem_ver"}
COMPUTING = {"!", "!!", "+", "-", "*", "/", "%", "cat", "max", "merge", "min", "substr"}
CHOOSING = {"if", "?:", "and", "or"}
PURE = COMPARING | COMPUTING | CHOOSING
EACH_HAS_ITS_OWN = {"targetingKey", "$flagd"}  # as many answers to remember as there are users, or moments

LONGEST = 200  # characters of a value that is remembered: a context may have a megabyte
SMALL = 1 << 63  # a whole number in JSON may have thousands of digits

ABSENT: Final = object()  # another thing than null: a rule may have a default for what is missing


def names_read(rules: object) -> tuple[str, ...] | None:
    """The attributes of the context that decide what these rules answer, or None when more than those do."""
    names: set[str] = set()
    return tuple(sorted(names)) if _collect(rules, names) else None


def likeness(names: tuple[str, ...], attributes: dict[str, Any]) -> tuple[object, ...] | None:
    """Equal for two contexts that the rules cannot tell apart; None when these values cannot be compared so."""
    key: list[object] = []
    for name in names:
        value = attributes.get(name, ABSENT)
        if isinstance(value, str):
            if len(value) > LONGEST:
                return None
            key.append(value)
        elif value is None or value is ABSENT:
            key.append(value)
        elif isinstance(value, bool) or (isinstance(value, int) and abs(value) < SMALL):
            key.append((type(value), value))  # in Python True is 1, in rules it need not be
        else:
            return None
    return tuple(key)


def _collect(rules: object, names: set[str]) -> bool:
    """Add what is read to `names`; False when that cannot be said."""
    if isinstance(rules, list):
        return all(_collect(each, names) for each in rules)
    if not isinstance(rules, dict) or len(rules) != 1:
        return True  # a plain value
    operator, given = next(iter(rules.items()))
    arguments = given if isinstance(given, list) else [given]
    if operator != "var":
        return operator in PURE and _collect(arguments, names)
    path = arguments[0] if arguments else None
    if not isinstance(path, str) or not path:
        return False  # worked out from the context, or the whole of it
    name = path.partition(".")[0]
    names.add(name)
    return name not in EACH_HAS_ITS_OWN and _collect(arguments[1:], names)
