"""Files as sources and targets of data: their encodings, formats and stores, read in one pass and bounded memory."""
