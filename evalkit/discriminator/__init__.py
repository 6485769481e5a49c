"""Classifiers that try to tell generated rows from real ones."""
