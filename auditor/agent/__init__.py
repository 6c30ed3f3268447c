"""The optional language model: it proposes, `verify` disposes. Nothing that it says is a fact before it was re-read."""
