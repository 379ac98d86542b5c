"""A Slack of our own: its wire protocol for an unmodified Bolt app, and a page on which a person acts as any user."""
