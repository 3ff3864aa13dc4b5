"""Speed, as ratios against something run beside it. Never a test: a busy machine is not a mistake."""
