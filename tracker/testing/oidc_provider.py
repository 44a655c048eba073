"""A small OpenID provider that speaks the true protocol over HTTP: discovery, authorize, token, keys, user information.

It keeps the rules of its side (one use of a code, client secret, redirect address, PKCE), and can be told to break
them.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "tracker", "a secret between two"
KEY_ID = "key-1"


@cache
def signing_key(name: str = KEY_ID) -> rsa.RSAPrivateKey:
    """A key that lasts as long as the process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(claims: dict[str, Any]) -> str:
    """An ID token as it should be."""
    return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID})


@dataclass
class Provider:
    """What the provider says, and how; a test changes it between two requests."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    change_claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] = sign
    refuses: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **self.discovery,
        }

    def keys(self) -> dict[str, Any]:
        """The public key."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key()))
        return {"keys": [{**key, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next: the person has logged in here and agreed."""
        if self.refuses:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        """A code for tokens; None where a rule is broken."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        is_right = (
            asked is not None
            and (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
            and asked["redirect_uri"] == form.get("redirect_uri")
            and (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
        )
        if asked is None or not is_right:
            return None
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        token = self.sign(self.change_claims({**claims, **self.person}))
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": token}


@contextmanager
def run_provider(**person: Any) -> Iterator[Provider]:
    """A provider on a port of its own, at which `person` is logged in."""
    provider = Provider(person=person)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(provider))
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def _handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            provider.calls.append(address.path)
            if address.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                self._answer(302, None, location=provider.authorize(query))
                return
            known = {
                "/.well-known/openid-configuration": provider.describe,
                "/keys": provider.keys,
                "/userinfo": lambda: provider.userinfo or provider.person,
            }
            document = known.get(address.path)
            self._answer(200 if document else 404, document() if document else None)

        def do_POST(self) -> None:
            provider.calls.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            tokens = provider.exchange({name: values[0] for name, values in parse_qs(body).items()})
            self._answer(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def _answer(self, status: int, document: Any, *, location: str = "") -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    return Handler
