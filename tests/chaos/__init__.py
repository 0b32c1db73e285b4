"""Trouble on purpose: processes and servers killed, lines cut, at random places over everything that moves data."""
