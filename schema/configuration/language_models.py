"""Rules on the language model of a workspace, beyond the kind of each value."""

from typing import Final

from schema.configuration.source_rules import web_address
from schema.language_models import LanguageModel
from schema.problems import Findings, Path

ENDPOINT: Final = "/chat/completions"


def check_language_model(given: LanguageModel | None, path: Path, findings: Findings) -> None:
    """Note an address that is none, or that names the endpoint itself."""
    if given is None:
        return
    where = (*path, "url")
    web_address(given.url, where, findings)
    if given.url.rstrip("/").endswith(ENDPOINT):
        findings.error(
            where,
            "The URL names the endpoint itself.",
            f"Leave {ENDPOINT} out; it ends in /v1 with most servers.",
        )
    elif "?" in given.url or "#" in given.url:
        findings.error(where, "The URL holds `?` or `#`.", "Write scheme, host and path only.")
    if given.key is not None and given.network == "public" and given.url.startswith("http:"):
        findings.error(where, "The key would travel where anybody can read it.", "Use https://.")
