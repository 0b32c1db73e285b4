"""Trouble on purpose: runners killed, lines cut, sessions ended, at random places over every mode of a table order."""
