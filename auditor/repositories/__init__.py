"""Where a repository's text comes from: GitHub, or a folder on this machine."""
