"""The rows, one file a noun, and nothing else; no rule imports them."""
