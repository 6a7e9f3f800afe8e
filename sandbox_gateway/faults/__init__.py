"""What the wire does to an account's requests and webhooks, by rules. What is stored stays the true answer."""
