"""JSON files: reading them, rules for their values, and findings with path and line. For every adapter whose files are JSON."""
