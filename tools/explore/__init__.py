"""Exploration: profile, pair scan and structure, on exploration rows only. Suggests, never proves."""
