"""Facts: deterministic statistics on DuckDB and numpy. No model, no network, nothing printed."""
