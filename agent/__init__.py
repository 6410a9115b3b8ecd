"""Judgement and speech: drafting, words, the report and the faces. Knows the tools; no tool knows it."""
