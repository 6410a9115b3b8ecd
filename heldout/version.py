"""The version of the package, where everyone can read it without importing the face. Must import nothing."""

__version__ = "0.1.0"
