"""What the pages show of submissions and dialogs. Reads only."""
