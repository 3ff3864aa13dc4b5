"""The methods of the Web API, one file a family. `METHODS` is the table; importing does nothing else."""

from bot.sandbox.methods import (
    basics,
    canvases,
    chat,
    conversations,
    files,
    history,
    marks,
    people,
    schedule,
    views,
)
from bot.sandbox.methods.call import Call, Connections, Method, ResponseTarget, Triggers

METHODS: dict[str, Method] = {
    **basics.METHODS,
    **chat.METHODS,
    **schedule.METHODS,
    **conversations.METHODS,
    **history.METHODS,
    **people.METHODS,
    **views.METHODS,
    **marks.METHODS,
    **files.METHODS,
    **canvases.METHODS,
}

__all__ = ["METHODS", "Call", "Connections", "Method", "ResponseTarget", "Triggers"]
