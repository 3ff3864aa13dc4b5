"""What Slack shows and how it is called: drawings, ids, and the client that carries out effects."""
