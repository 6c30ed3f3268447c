"""Where an address leads, from its words alone: which host, and whether to a file, a folder, a repository or a page."""
