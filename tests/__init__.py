"""The proofs: a name is a sentence, and the real thing runs."""
