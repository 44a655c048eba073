"""What the attacks share with the tests of accounts."""

from tracker.tests.accounts.conftest import open_registration

__all__ = ["open_registration"]
