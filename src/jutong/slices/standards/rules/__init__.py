"""Rules of the standards library: what a specification may say, and that a local one never loosens a national one."""
