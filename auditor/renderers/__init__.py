"""TELL: the report, its record, the issue and what the terminal shows. `registry` has the order of the files."""
