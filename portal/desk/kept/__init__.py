"""What is kept and deleted, over all apps: the rules, the page of administrators, and what is held about one customer."""
