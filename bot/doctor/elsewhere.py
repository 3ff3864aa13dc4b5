"""The other flag back-ends: whether each answers, what its token may do, and whether our environments are there."""

from __future__ import annotations

import asyncio

from bot.app_backends import flag_sites
from bot.doctor.line import Case, Found, Level
from bot.services.sites import Site

ANSWERS_WITHIN = 8.0  # seconds for each, all at once; the doctor gives a check twenty


async def backends(case: Case) -> Found:
    """Can flags be held there."""
    if case.settings is None:
        return []
    async with flag_sites(case.settings) as sites:
        found = await asyncio.gather(*(_one(name, site) for name, site in sites.items()))
    return [line for lines in found for line in lines]


async def _one(name: str, site: Site) -> Found:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            health = await site.backend.health()
    except TimeoutError:
        return [(Level.BAD, f"{name} did not answer within {ANSWERS_WITHIN:.0f} s.")]
    if not health.reachable:
        return [(Level.BAD, f"{name}: {health.said}")]
    found: Found = [(Level.WARN, f"{name}: {warning}.") for warning in health.warnings]
    missing = [there for there in site.environments.values() if there not in health.environments]
    if missing and health.environments:
        known = ", ".join(health.environments)
        found.append((Level.BAD, f"{name} has no environment {missing[0]!r}; it has {known}."))
    token = f"its token: {health.token}" if health.token else "it takes no token"
    named = ", ".join(f"{ours} is {there}" for ours, there in site.environments.items())
    return [(Level.OK, f"{name} answers; {token}; {named}."), *found]
