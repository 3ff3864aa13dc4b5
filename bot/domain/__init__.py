"""The rules and the words of an incident. No I/O, no clock, no randomness, no Slack, no SQL."""
