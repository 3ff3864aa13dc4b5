"""Firebreak: an incident bot for Slack. Importing it does nothing."""
