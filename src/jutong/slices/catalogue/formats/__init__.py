"""Files of the catalogue: templates, portal dumps and tables read into drafts; faults, exports and machine form written."""
