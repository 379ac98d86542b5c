"""What a measurement amounts to, by metric."""
