"""Layers that several families are built from."""
