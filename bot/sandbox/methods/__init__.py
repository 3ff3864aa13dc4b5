"""The Web API, one file a family. Every function here answers as Slack documents it, errors included."""
