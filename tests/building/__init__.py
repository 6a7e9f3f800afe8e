"""The house itself: import rules, guarded routes, drawn statuses, documented settings."""
