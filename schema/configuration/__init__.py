"""The reading of muster.yaml, and what it changes."""
