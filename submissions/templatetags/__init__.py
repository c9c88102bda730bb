"""Template filters of the submissions app."""
