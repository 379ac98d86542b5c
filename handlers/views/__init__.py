"""Values to Block Kit, without any input or output."""
