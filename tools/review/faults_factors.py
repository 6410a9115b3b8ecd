"""Factors between units that deliveries are mixed up in: powers of ten, time, length, mass, temperature.

Knows units. Must never know a column.
"""

import math
from typing import NamedTuple

from ..data.rows import FloatArray


class Factor(NamedTuple):
    """New over old, and for temperatures what is added."""

    times: float
    plus: float = 0.0
    words: str = ""

    def undone(self, x: FloatArray) -> FloatArray:
        """Numbers in the learned unit."""
        return (x - self.plus) / self.times


def _factors() -> tuple[Factor, ...]:
    pairs = {
        60.0: "minutes and hours, or seconds and minutes", 3600.0: "seconds and hours", 1440.0: "minutes and days",
        86400.0: "seconds and days", 24.0: "hours and days", 7.0: "days and weeks",
        12.0: "inches and feet, or months and years", 1 / 0.45359237: "pounds and kilograms",
        28.349523125: "grams and ounces", 16.0: "ounces and pounds", 2.54: "centimetres and inches",
        25.4: "millimetres and inches", 1 / 0.3048: "feet and metres", 1.609344: "kilometres and miles",
        1 / 0.9144: "yards and metres", 1.852: "kilometres and nautical miles", 3.785411784: "litres and gallons",
        4.184: "joules and calories", 3.6: "km/h and m/s", 3600 / 1609.344: "mph and m/s",
        6.894757293168: "kPa and psi", 180 / math.pi: "degrees and radians", 1024.0: "binary prefixes",
        1048576.0: "binary prefixes",
    }  # fmt: skip
    tens = {1e3: "such as grams and kilograms", 1e2: "such as cents, per cent or centimetres", 1e6: "such as millions"}
    found = [Factor(10.0**k, 0.0, tens.get(10.0**k, "a power of ten")) for k in range(1, 10)]
    found += [Factor(times, 0.0, words) for times, words in pairs.items()]
    found += [Factor(1 / f.times, 0.0, f.words) for f in found]
    degrees = "degrees Fahrenheit and Celsius"
    found += [Factor(1.8, 32.0, degrees), Factor(1 / 1.8, -32 / 1.8, degrees)]
    return (
        *found,
        Factor(1.0, 273.15, "kelvins and degrees Celsius"),
        Factor(1.0, -273.15, "kelvins and degrees Celsius"),
    )


FACTORS = _factors()
