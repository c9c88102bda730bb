"""What one person has proposed and another one answers: acts that take two."""
