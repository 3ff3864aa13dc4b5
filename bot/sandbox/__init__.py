"""A local Slack: workspace, Web API, delivery and a page to click in. It imports nothing of Firebreak's."""
