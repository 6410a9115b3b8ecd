"""Data: opening a table, its schema and fingerprint, and the split into exploration and sealed rows."""
