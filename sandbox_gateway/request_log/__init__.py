"""The request log: every request of an account, its answer, what the client saw of it, and the verdict on its key."""
