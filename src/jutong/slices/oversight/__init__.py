"""监督评价: the state of sharing in an authority's area, each figure with the records behind it."""
