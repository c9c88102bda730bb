"""What the operator sees: numbers that all processes keep in Valkey. Losing them costs the picture of the last hours, nothing else."""
