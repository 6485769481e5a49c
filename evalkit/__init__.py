"""evalkit: find the rows that do not belong, and compare generative models."""

__version__ = "0.1.0"
