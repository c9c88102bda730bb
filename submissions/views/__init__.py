"""The pages of the submissions app, one module for each kind."""
