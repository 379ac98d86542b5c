"""The rules that a sentence must pass, and how a text is read for them."""
