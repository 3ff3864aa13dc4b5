"""What Firebreak does for people, between the rules and the screens. No Slack in here."""
