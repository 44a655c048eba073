"""What a broken and mended Tracker must have said, and what it did say."""
