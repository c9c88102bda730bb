"""Orders: what is asked for and fetched. Made by people (`making`), worked on by workers (`work`), shown by pages."""
