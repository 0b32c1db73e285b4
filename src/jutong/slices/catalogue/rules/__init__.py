"""Pure rules of the catalogue: values, codes, obligations, duplicates and differences; no Django, no clock, no database."""
