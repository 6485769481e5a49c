"""The words that every room shares: Sample, Schema, Evidence, errors, seeds, progress. No torch here."""
