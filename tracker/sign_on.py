"""Single sign-on by OpenID Connect: the exchange with the company's provider, by allauth's library.

Beyond what the library does, the signature of the ID token is checked although it came straight from the provider, a
nonce and PKCE bind the answer to this browser, and every call goes through our guarded client.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

import jwt
import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit, statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from redis import RedisError
from requests.adapters import BaseAdapter

from tracker.addresses import OutgoingRefused
from tracker.outgoing import OutgoingFailed, send_request

DEADLINE_SECONDS = 10.0
CALLBACK = "/account/sso/callback"
WELL_KNOWN = "/.well-known/openid-configuration"
# Signatures of a private key; what is made with a shared secret, or with none, proves nothing.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
FAULTS = (OAuth2Error, requests.RequestException, jwt.PyJWTError, RedisError, KeyError, TypeError, ValueError)


class SignOnFailed(Exception):
    """The exchange did not come to an end that says who somebody is. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for. Only a verified e-mail may be believed."""

    issuer: str
    subject: str
    email: str
    is_verified: bool
    full_name: str


def is_configured() -> bool:
    """Whether there is a provider."""
    return bool(settings.OIDC_ISSUER)


def begin_sign_on(request: HttpRequest, *, next_url: str) -> HttpResponse:
    """Sends the browser to the provider.

    Raises:
        SignOnFailed: the provider does not answer, or not as one.
    """
    nonce = secrets.token_urlsafe(24)
    try:
        provider = _provider(request)
        _check_issuer(provider.get_oauth2_adapter(request))
        answer: HttpResponse = provider.redirect(
            request, "login", next_url=next_url, data={"nonce": nonce}, auth_params={"nonce": nonce}
        )
    except FAULTS as error:
        raise SignOnFailed(type(error).__name__) from error
    return answer


def finish_sign_on(request: HttpRequest) -> tuple[Identity, str]:
    """Who came back from the provider, and where they wanted to go.

    Raises:
        SignOnFailed: the answer is not for this browser, was used, or the provider does not vouch for anybody.
    """
    try:
        provider = _provider(request)
        state = statekit.unstash_state(request, provider_id=provider.sub_id, state_id=request.GET.get("state", ""))
        if state is None or "error" in request.GET or not request.GET.get("code"):
            raise SignOnFailed("The provider refused, or the answer is not for this browser.")
        adapter = provider.get_oauth2_adapter(request)
        _check_issuer(adapter)
        client = adapter.get_client(request, provider.app)
        tokens = adapter.get_access_token_data(
            request, provider.app, client, pkce_code_verifier=state["pkce_code_verifier"]
        )
        return _identify(adapter, tokens, state["data"]["nonce"]), str(state.get("next") or "")
    except FAULTS as error:
        raise SignOnFailed(type(error).__name__) from error


def _identify(adapter: "_Adapter", tokens: dict[str, Any], nonce: str) -> Identity:
    if jwt.get_unverified_header(tokens["id_token"]).get("alg") not in ALGORITHMS:
        raise SignOnFailed("The ID token is not signed by a private key.")
    claims = jwtkit.verify_and_decode(
        credential=tokens["id_token"],
        keys_url=adapter.openid_config["jwks_uri"],
        issuer=adapter.openid_config["issuer"],
        audience=settings.OIDC_CLIENT_ID,
        lookup_kid=jwtkit.lookup_kid_jwk,
    )
    if not constant_time_compare(str(claims.get("nonce", "")), nonce):
        raise SignOnFailed("The nonce is another one.")
    facts = claims
    if "email" not in claims and adapter.openid_config.get("userinfo_endpoint"):
        facts = adapter._fetch_user_info(tokens["access_token"])
        if facts["sub"] != claims["sub"]:
            raise SignOnFailed("The user information is somebody else's.")
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=str(facts.get("email") or ""),
        is_verified=facts.get("email_verified") is True,
        full_name=str(facts.get("name") or "")[:150],
    )


def _check_issuer(adapter: "_Adapter") -> None:
    expected = settings.OIDC_ISSUER.removesuffix(WELL_KNOWN).rstrip("/")
    if str(adapter.openid_config["issuer"]).rstrip("/") != expected:
        raise SignOnFailed("The provider calls itself by another name.")


def _provider(request: HttpRequest) -> "_Provider":
    # From the settings alone: allauth would look for applications in the database as well.
    app = SocialApp(
        provider="openid_connect",
        provider_id="sso",
        name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET,
        settings={"server_url": settings.OIDC_ISSUER, "oauth_pkce_enabled": True},
    )
    return _Provider(request, app=app)


class _Adapter(OpenIDConnectOAuth2Adapter):
    def __init__(self, request: HttpRequest, provider: "_Provider") -> None:
        super().__init__(request, provider.app.provider_id)
        self._provider = provider

    def get_provider(self) -> "_Provider":
        return self._provider

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        # The site's own name: it has to be the one that the provider knows, whatever the Host header says.
        return f"{settings.SITE_URL}{CALLBACK}"


class _Provider(OpenIDConnectProvider):
    def get_oauth2_adapter(self, request: HttpRequest) -> _Adapter:
        return _Adapter(request, self)


class GuardedSocialAdapter(DefaultSocialAccountAdapter):
    """Named by SOCIALACCOUNT_ADAPTER: how allauth talks to a provider."""

    def get_requests_session(self) -> requests.Session:
        """A session without proxies, redirects and cookies of its own, on our guarded client."""
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        for scheme in ("https://", "http://"):
            session.mount(scheme, GuardedTransport())
        return session


class GuardedTransport(BaseAdapter):
    """What `requests` sends, sent by tracker.outgoing: addresses checked, one deadline, answers of limited size."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """One exchange.

        Raises:
            requests.RequestException: it was refused or failed.
        """
        url, body = request.url or "", request.body
        if settings.IS_PRODUCTION and not url.startswith("https://"):
            raise requests.exceptions.InvalidURL("A provider is asked by https alone.")
        headers = {
            str(name): str(value)
            for name, value in request.headers.items()
            if name.lower() not in ("accept-encoding", "connection", "content-length")
        }
        exchange = send_request(
            request.method or "GET",
            url,
            headers=headers,
            body=body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"",
            deadline_seconds=DEADLINE_SECONDS,
            allow=settings.OUTGOING_ALLOWED_NETWORKS,
        )
        try:
            outcome = asyncio.run(exchange)
        except (OutgoingRefused, OutgoingFailed) as error:
            raise requests.exceptions.ConnectionError(str(error)) from error
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = outcome.status, url, request
        answer.headers.update(outcome.headers)
        answer._content = outcome.body
        return answer

    def close(self) -> None:
        """Nothing is kept open."""
