"""What users see of a result: charts, the report, and the words for both."""
