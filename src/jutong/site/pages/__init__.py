"""Pages of the site itself: the shell's own and those that join slices."""
