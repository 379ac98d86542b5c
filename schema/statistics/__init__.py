"""Statistics: how sure a figure or a change is, from the standard library alone."""
