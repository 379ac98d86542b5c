"""The conversation: actions that load, decide, save and show, and the Slack listeners that call them."""
