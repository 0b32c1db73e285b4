"""Organisations and people: regions, departments, posts, accounts, sign-in, business systems (机构人员)."""
