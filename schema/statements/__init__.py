"""One metric in words, for one audience."""
