"""The closed replica of the internet that `audit demo` audits, and that tests fill with any situation.

`internet` holds the vocabulary of a world, `replica` answers for it behind `requests`, `virtual_files` makes checkpoints
that exist only where they are read, and `world` is the demo's own.
"""
