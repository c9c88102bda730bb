"""From QUEUED to DELIVERED or FAILED: calls with the intent stored before and the answer after, and what to do without one."""
