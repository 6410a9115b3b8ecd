"""Sentences in the grammar's words, read into typed hypotheses.

Knows which modules read what: tokens, names, clauses, forms, constants. Must never know a sealed row or a verdict.
"""
