"""`python -m tracker.embedded.stop`: ends the engines of this checkout, those of `make run` and those of tests."""

from pathlib import Path

from tracker.embedded import stop_engines

if __name__ == "__main__":
    var = Path(__file__).resolve().parent.parent.parent / "var"
    for directory in (var, var / "test"):
        stop_engines(directory)
