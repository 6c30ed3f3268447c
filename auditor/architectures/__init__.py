"""Names and shapes into a network: counts, fingerprints, recognizers, and the proof by rebuilding.

`inspection` holds the two entry points: `inspect_checkpoint` (pure, no torch) and `prove_and_cost` (torch's meta device).
"""
