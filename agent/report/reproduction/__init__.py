"""The second opinion in parts: each file one subject, laid together as one program by `reproduce.py` beside it.

The parts import each other, numpy, scipy and duckdb, and must never import heldout: the program stands on its own.
"""
