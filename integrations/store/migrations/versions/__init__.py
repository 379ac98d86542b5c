"""One file a step; frozen once released."""
