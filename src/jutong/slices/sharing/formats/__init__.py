"""Files of the sharing slice."""
