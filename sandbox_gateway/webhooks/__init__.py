"""Webhooks: who is told (`endpoints`), what is told and how it went (`deliveries`), and the telling (`dispatcher`)."""
