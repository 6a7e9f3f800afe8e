"""What only a sandbox can do: the desk's screens over the gateway's `/_sandbox`."""
