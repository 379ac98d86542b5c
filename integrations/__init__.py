"""The wires: every byte that leaves the process goes through here."""
