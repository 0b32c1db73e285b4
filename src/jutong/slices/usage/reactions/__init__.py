"""What this slice does when grants, deliveries and gateways report, when clocks strike and when time passes."""

from jutong.slices.usage.reactions import disposals, misuse, records

__all__ = [
    "disposals",
    "misuse",
    "records",
]
