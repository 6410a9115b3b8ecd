"""A review in every format: each takes the result as a value and returns text, and none changes an outcome."""
