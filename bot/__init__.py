"""The assembly: settings, composition root, clock, server, command line, demo and local Slack."""
