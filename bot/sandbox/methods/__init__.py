"""The methods of the Web API, one file a family. `METHODS` is the table; importing does nothing else."""

from bot.sandbox.methods import basics
from bot.sandbox.methods.call import Call, Connections, Method, ResponseTarget, Triggers

METHODS: dict[str, Method] = {
    **basics.METHODS,
}

__all__ = ["METHODS", "Call", "Connections", "Method", "ResponseTarget", "Triggers"]
