"""What is due: the calendar of deadlines, from whom reports are expected, and how far each of them has come."""
