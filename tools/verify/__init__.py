"""Verification: the grammar, the families, the ledger and the one door to sealed rows."""
