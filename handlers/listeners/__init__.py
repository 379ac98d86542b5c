"""The Slack surface: payloads are translated here, once, into calls of actions."""
