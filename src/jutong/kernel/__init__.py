"""What every slice stands on: clocks, workdays, policy, workflow, audit, outbox, jobs, inbox, files."""
