"""django-allauth, of which we use the library (second factor, OpenID Connect) and none of the pages."""

from allauth.account.apps import AccountConfig


class PagelessAccountConfig(AccountConfig):
    """allauth.account, which its other parts stand on, without its pages and so without the middleware that these need:
    it would be one more step on the way of every request of the API."""

    def ready(self) -> None:
        """Nothing: all that the original does is to ask for that middleware."""
