"""Files of this slice: trusted certificates and keys on disk, workbooks of departments and people."""
