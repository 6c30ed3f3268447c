"""What an error log tells of the two sides, and what torch would say of a checkpoint and a claimed network."""
