"""`python -m auditor` is the same program as `audit`."""

from auditor.cli import main

main()
