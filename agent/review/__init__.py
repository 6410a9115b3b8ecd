"""Learning claims from a data set, reviewing its deliveries, and saying what came of it in every format."""
