"""A whole Tracker to break: engines and processes of its own, in a temporary directory."""
