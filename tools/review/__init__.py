"""Learned claims and new deliveries: what is checked when the same data come again, exactly or by statistics."""
