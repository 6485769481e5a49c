"""The verbs, one a file: what the command line, the service and the app all call."""
