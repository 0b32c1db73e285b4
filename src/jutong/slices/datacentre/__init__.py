"""资源中心: which tables and columns of which data sources stand behind the entries of the catalogue."""
