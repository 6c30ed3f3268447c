"""Performance beside what users would use otherwise, as ratios in one run."""
