"""The only door in for the gateway: verify, store once, dispatch by table."""
