"""Study: later in this commit."""
