"""What people type: one file a story. Each adds its commands to the group of `bot/__main__.py`."""
