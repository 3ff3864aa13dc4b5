"""The settings, and what is wrong with them in one sentence. `file` and `environment` say what may be set."""

from bot.config.environment import ENVIRONMENT, is_web_address
from bot.config.file import File
from bot.config.settings import DEFAULT_CONFIG, HTTP_PORT, Settings, SettingsError

__all__ = [
    "DEFAULT_CONFIG",
    "ENVIRONMENT",
    "HTTP_PORT",
    "File",
    "Settings",
    "SettingsError",
    "is_web_address",
]
