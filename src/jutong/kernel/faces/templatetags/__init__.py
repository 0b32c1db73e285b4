"""The template library `jutong`, built in by the site's settings."""
