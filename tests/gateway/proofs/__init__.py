"""Proofs over the whole gateway: fuzzing, a model beside it, accounts under load, traces of cards, other verifiers."""
