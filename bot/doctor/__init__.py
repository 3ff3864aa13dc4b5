"""What a person at 3 a.m. wants to know: each check a few lines, and none of them stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime

from bot.doctor import elsewhere, here, promises, slack
from bot.doctor.line import Case, Check, Level, Line

__all__ = ["Level", "Line", "diagnose"]

CHECK_SECONDS = 20.0  # for one check; each bounds its own waiting, so this ends only what hangs

# In the order in which one asks: what am I looking at, does it work, what is left to do.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("settings", here.settings),
    ("database", here.database),
    ("disk", here.disk),
    ("bot", here.bot),
    ("slack", slack.connection),
    ("effects", promises.unfinished),
    ("runbooks", here.runbooks),
    ("flags", elsewhere.backends),
)


def utc_now() -> datetime:
    return datetime.now(UTC)


async def diagnose(
    environ: Mapping[str, str],
    *,
    now: Callable[[], datetime] = utc_now,
    checks: Iterable[tuple[str, Check]] = CHECKS,
) -> AsyncIterator[Line]:
    """Every finding, as soon as it is made. Never raises for what is wrong with what it looks at."""
    case = Case.of(environ, now)
    for about, check in checks:
        for line in await _isolated(about, check, case):
            yield line


async def _isolated(about: str, check: Check, case: Case) -> list[Line]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            found = await check(case)
    except TimeoutError:
        return [Line(Level.BAD, about, f"This could not be checked within {CHECK_SECONDS:.0f} s.")]
    except Exception as error:  # noqa: BLE001 - the one place: a broken check must not hide what the others find
        what = (str(error) or "no message").splitlines()[0]
        return [Line(Level.BAD, about, f"This could not be checked ({type(error).__name__}: {what}).")]
    return [Line(level, about, text) for level, text in found]
