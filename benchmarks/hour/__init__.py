"""An hour of many workspaces' load in simulated time; `python -m benchmarks.hour` runs it."""
