"""Whether a call is signed by whom it says it comes from: HMAC-SHA256 of the body as it came, by the shared secret."""

import hashlib
import hmac
from collections.abc import Mapping

from incidents.choices import HookKind
from incidents.models import Hook
from incidents.services.hook_fields import SIGNING_KINDS
from tracker.exceptions import NotAuthenticated

HEADERS = {HookKind.GITHUB.value: "x-hub-signature-256", HookKind.SENTRY.value: "sentry-hook-signature"}
GITHUB_MARK = "sha256="


def check_signature(hook: Hook, headers: Mapping[str, str], body: bytes) -> None:
    """Passes for senders that do not sign.

    Raises:
        NotAuthenticated: no signature, a wrong one, or no secret to compare with.
    """
    if hook.kind not in SIGNING_KINDS:
        return
    name = HEADERS[hook.kind]
    if not hook.secret:
        raise NotAuthenticated("This hook has no secret yet; set the one that the sender signs with.")
    given = headers.get(name, "").strip()
    if not given:
        raise NotAuthenticated(f"The header {name} is missing: set the secret at the sender too.")
    wanted = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
    if hook.kind == HookKind.GITHUB:
        wanted = GITHUB_MARK + wanted
    if not hmac.compare_digest(wanted.encode(), given.lower().encode("utf-8", "replace")):
        raise NotAuthenticated(f"The signature in {name} is not that of this body by this hook's secret.")
