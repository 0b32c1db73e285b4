"""Writes of this slice: figures of use and alerts as gateways report them, and the console's one call to the gateway."""

from jutong.slices.services.actions.stopping import Stopped, find_stops, forget_stops, look_also
from jutong.slices.services.actions.trying import CALLERS, Trial, Tried, try_query
from jutong.slices.services.actions.usage import forget_minutes, take_batch, take_usage

__all__ = [
    "CALLERS",
    "Stopped",
    "Trial",
    "Tried",
    "find_stops",
    "forget_minutes",
    "forget_stops",
    "look_also",
    "take_batch",
    "take_usage",
    "try_query",
]
