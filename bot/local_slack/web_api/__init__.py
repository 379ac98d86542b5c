"""The Web API's methods, a file a family."""
