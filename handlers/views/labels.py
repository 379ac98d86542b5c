"""Verdicts and topics as a reader sees them: a mark and a word, never a colour alone."""

from collections.abc import Mapping
from typing import Final

from handlers.views.text import bold, escape, mrkdwn
from schema.briefs import Paragraph

MARKS: Final[Mapping[str, str]] = {
    "Clear gain": ":large_green_circle:",
    "Small gain": ":large_green_circle:",
    "About the same": ":white_circle:",
    "Cannot tell": ":grey_question:",
    "Small loss": ":large_orange_circle:",
    "Clear loss": ":red_circle:",
    "Clear change": ":large_blue_circle:",
    "Small change": ":large_blue_circle:",
    "Not comparable": ":grey_question:",
    "Correction": ":pencil2:",
    "Not fit to use": ":warning:",
    "Off target": ":dart:",
    "Gap past its limit": ":scales:",
    "Clear gain with a cost": ":large_yellow_circle:",
    "Unusual": ":mag:",
    "Inputs changed": ":inbox_tray:",
    "New level": ":bar_chart:",
    "Slow move": ":hourglass_flowing_sand:",
    "Short of its goal": ":triangular_flag_on_post:",
    "Goal open": ":grey_question:",
    "On the way to its goal": ":checkered_flag:",
    "One group past its limit": ":busts_in_silhouette:",
    "Sources differ": ":link:",
    "Hidden by the mix": ":repeat:",
    "Another limit would pay more": ":bulb:",
    "Blocked": ":construction:",
    "Launch": ":rocket:",
}


def labelled(paragraph: Paragraph) -> str:
    """Write a paragraph with its verdict in front."""
    words = mrkdwn(paragraph.text)
    if not paragraph.label:
        return words
    mark = MARKS.get(paragraph.label, ":small_blue_diamond:")
    return f"{mark} {bold(escape(paragraph.label))}  {words}"
