"""The stream of what changed, from one process of the dashboard to the pages of another."""
