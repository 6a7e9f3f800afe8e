"""What the gateway nets and pays out, what of it is whose, and whether our books agree."""
