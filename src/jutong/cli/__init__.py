"""The `jutong` command."""
