"""The order, our payment and the gateway's word compared all the time; what differs, classified, kept and repaired."""
