"""Files of the standards library: calendars, specifications and peers' codes as workbooks."""
