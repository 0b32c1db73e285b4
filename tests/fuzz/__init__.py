"""Bytes that nobody meant: every parser that reads what others wrote is fed with them, and may only refuse in words."""
