"""What Firebreak answers over HTTP: Slack's signed requests, and whether it is well."""
