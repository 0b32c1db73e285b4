"""What a concern must say and what an answer may do; pure. Terms, checks, identity numbers, marks."""
