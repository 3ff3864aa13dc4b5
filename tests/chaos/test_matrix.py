"""A few cases of the fault matrix, one of each kind of fault."""

from __future__ import annotations

from chaos import matrix
from chaos.matrix import Case, Matrix, Wrong

CASES = 11  # as many as there are kinds of faults on a call
SEED = 21


async def test_an_incident_is_complete_whatever_goes_wrong_while_it_is_declared() -> None:
    every = matrix.cases(await matrix.steps("socket"), "socket")
    chosen = matrix.sample(every, CASES, SEED)
    assert len({(case.wrongs[0].kind, case.wrongs[0].settings) for case in chosen}) >= 10
    found = await matrix.play(chosen, Matrix())
    problems = {str(outcome.case): outcome.verdict.problems() for outcome in found.failed}
    assert problems == {}
    assert len(found.outcomes) == CASES


async def test_a_fault_that_never_came_about_is_not_counted_as_survived() -> None:
    nowhere = Case((Wrong("server_error", "reactions.add"),))
    found = await matrix.play([nowhere], Matrix())
    assert [outcome.reached for outcome in found.outcomes] == [False]
    assert "1 never came about" in found.line
