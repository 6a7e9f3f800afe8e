"""The sandbox gateway, over HTTP against its real process."""
