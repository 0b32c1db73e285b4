"""校核、异议、更正、投诉: four procedures with receivers and clocks of their own; marks on the data, corrections to its receivers."""
