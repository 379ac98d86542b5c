"""What the bot says no to, in words that a person may read."""


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Understood and declined; the text is one sentence for the person and says what would work."""
