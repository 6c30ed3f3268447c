"""What the report, the record and the issue share: numbers as text, evidence by number, places as links, checks by hand."""
