"""What this slice does when gateways report misuse, grants open or come back, and clocks strike."""

from jutong.slices.usage.reactions import aggregation, misuse

__all__ = ["aggregation", "misuse"]
