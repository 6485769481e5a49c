"""What the pages are made of. Each part draws one thing and calls evalkit.run for the work."""
