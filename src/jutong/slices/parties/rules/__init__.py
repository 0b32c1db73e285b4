"""What organisations, people and their credentials must be like; pure."""
