"""Standards and policy: the working-day calendar and which profile holds in which region (标准规范与政策)."""
