"""What the bot must survive: kills, Slack's faults, a sick database, malformed requests. `make chaos` runs it."""
