"""The worlds that the connectors are asked about: real servers, seeded with known answers."""
