"""The words of the team and the rules on them: pure, never awaiting anything."""
