"""Load balancers, kubelets and Prometheus ask each process by its address, which ALLOWED_HOSTS cannot know beforehand.

ALLOWED_HOSTS keeps strangers' names out, of which one may be made to lead here. An address is no name, and the probes
answer alike whatever they are called by, so an address will do for them, and for nothing else.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.http.request import split_domain_port

from tracker.request_log import PROBE_PATHS


def accept_probes_by_address(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware; stands before whatever looks at the host."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path_info in PROBE_PATHS and _is_address(request.META.get("HTTP_HOST", "")):
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        return get_response(request)

    return answer


def _is_address(host: str) -> bool:
    domain, _ = split_domain_port(host)
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return False
    return True
