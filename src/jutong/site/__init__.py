"""Where the slices become one web site: settings, addresses, the pages that join slices."""
