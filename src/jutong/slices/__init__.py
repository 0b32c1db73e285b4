"""Business capabilities, highest first: a staircase — call downwards, publish upwards."""
