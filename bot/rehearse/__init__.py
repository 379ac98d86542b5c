"""The fault harness: a real `muster run` beside a local Slack that fails, killed from outside, and what came of each message."""
