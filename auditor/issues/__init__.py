"""The issue that asks the authors: drafted by rules, compared with what was asked before, sent only by a person's own act."""
