"""The bar for a report over a whole history: DuckDB computes the same figures from the same SQLite file.

A process of its own, as ours is: `python -m benchmarks.duck FILE AS_OF`. Its reader of SQLite files comes as a
package, because nothing is fetched here. Groups in which something is open have no quantiles: those are Kaplan and
Meier's, for which DuckDB has no function.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

CLOCKS = {"time_to_stabilize": "quiet", "time_to_repair": "mended", "impact": "hurt"}
COHORT = """
with cohort as (
    select peak, strftime(make_timestamp(declared_ms * 1000), '%Y-%m') as month,
        repaired_ms is null and closed_ms is null as open,
        (coalesce(stabilized_ms, repaired_ms) - declared_ms) // 1000 as quiet,
        (repaired_ms - declared_ms) // 1000 as mended, (impact_ended_ms - impact_started_ms) // 1000 as hurt
    from f.incident
    where excluded is null and coalesce(repaired_ms, closed_ms, declared_ms + 1) > declared_ms
        and declared_ms <= $as_of
)
"""
OF_ONE = """
    struct_pack(n := count({column}), of := count(*), censored := count(*) filter (open and {column} is null),
        quantiles := quantile_cont({column}, [0.5, 0.9]), mean_s := avg({column}), min_s := min({column}),
        max_s := max({column})) as {clock}
"""
OF_EACH = ",".join(OF_ONE.format(column=column, clock=clock) for clock, column in CLOCKS.items())
QUERY = f"""{COHORT} select coalesce(peak, month, 'all') as key, {OF_EACH}
    from cohort group by grouping sets ((), (peak), (month))"""  # noqa: S608, all of it is written above


def figures(path: Path, as_of_ms: int) -> dict[str, Any]:
    """By group: all, each severity, each month."""
    with duckdb.connect() as connection:
        connection.execute(f"load '{_extension()}'")
        connection.execute(f"attach '{path}' as f (type sqlite, read_only)")
        found = connection.execute(QUERY, {"as_of": as_of_ms})
        names = [column[0] for column in found.description or []]
        return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found.fetchall()}


def _extension() -> Path:
    spec = find_spec("duckdb_extension_sqlite_scanner")
    if spec is None or spec.origin is None:
        raise SystemExit("duckdb-extension-sqlite-scanner is not installed: pip install -e '.[dev]'")
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / "sqlite_scanner.duckdb_extension"


if __name__ == "__main__":
    json.dump(figures(Path(sys.argv[1]), int(sys.argv[2])), sys.stdout)
