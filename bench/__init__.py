"""Measurements that are repeated with one command each; they print, and never assert."""
