"""The way of working of large files: upload, wait for the authority's control, submit. XML files for a year, JSON files for a month."""
