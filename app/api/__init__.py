"""The order service's JSON door: the verbs that the screens use, over `/api`."""
