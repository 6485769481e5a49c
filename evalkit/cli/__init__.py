"""The command line: each command parses its arguments, calls one verb of evalkit.run, and prints what came back."""
