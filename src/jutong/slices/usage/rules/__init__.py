"""What this slice allows and computes; pure."""
