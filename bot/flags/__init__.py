"""Feature flags: the back-ends that hold them, and the serving of those in the bot's own table."""
