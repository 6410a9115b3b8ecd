"""The tools that a model may call, each defined once."""
