"""Every address of the API, asked by everybody: what comes out is what access.yaml says."""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tracker.access import table
from tracker.api.permissions import column_of
from tracker.api.viewsets import ApiView
from tracker.choices import Role, Scope
from tracker.testing.factories import ApiClient, jwt_client, make_token, make_user, session_client
from tracker.testing.rights import Probe, all_probes

pytestmark = pytest.mark.django_db
PROBES = all_probes()
ROLES = {"rep": Role.REPORTER, "mnt": Role.MAINTAINER, "adm": Role.ADMIN}
# Where the API lives: below /v1/, and where old clients look for it.
API = ("v1/", "analysis")
WAYS = (session_client, jwt_client)
PUBLIC = {
    "v1/auth/login",
    "v1/auth/refresh",
    "v1/auth/register",
    "v1/auth/confirm",
    "v1/auth/password/reset",
    "v1/auth/password/reset/confirm",
    "v1/schema",
    # Opened by the key in the address.
    "v1/hooks/{kind}/{token}",
}


def cell(resource: str, role: str, action: str) -> str:
    return table()["matrix"][resource][role][table()["actions"].index(action)]


def code_of(probe: Probe, role: str) -> str:
    return cell(probe.resource, role, probe.action)


def is_out_of_reach_elsewhere(probe: Probe, role: str) -> bool:
    """Whether there are such objects that a person of this role must not know of."""
    if not probe.names_something:
        return False
    decisive = cell(probe.parent, role, "read") if probe.parent else code_of(probe, role)
    return decisive in ("O", "V", "A")


def ask(client: ApiClient, probe: Probe, values):
    headers = {"Accept": "application/json"}
    if probe.method == "GET":
        return client.get(probe.path(values), headers=headers)
    send = getattr(client, probe.method.lower())
    return send(probe.path(values), probe.body_for(values), probe.content_type, headers=headers)


def error_of(answer):
    return answer.json()["error"] | {"request_id": ""}


def check_refusal(client, probe, values, code):
    """N and X come before any look-up: the same for what exists and for what does not."""
    for these in (values, probe.unknown):
        answer = ask(client, probe, these)
        assert answer.status_code in ({403} if code == "N" else {403, 405}), answer.content
        assert answer.json()["error"]["type"] in ("permission_denied", "method_not_allowed")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_person_gets_what_the_table_says(probe, role):
    user, other = make_user(ROLES[role]), make_user(Role.ADMIN)
    # Each address is asked in both ways, and each role asks in both.
    way = WAYS[(PROBES.index(probe) + list(ROLES).index(role)) % len(WAYS)]
    client, code = way(user), code_of(probe, role)
    if code in ("N", "X"):
        check_refusal(client, probe, probe.arrange(other), code)
        return
    is_limited = is_out_of_reach_elsewhere(probe, role)
    if is_limited:
        foreign, unknown = ask(client, probe, probe.arrange(other)), ask(client, probe, probe.unknown)
        assert foreign.status_code == unknown.status_code == 404
        assert error_of(foreign) == error_of(unknown)
    if code == "A" and probe.arrange_under is not None:
        refused = ask(client, probe, probe.arrange_under(user if is_limited else other, other))
        assert refused.status_code == 403, refused.content
    owner = user if is_limited or code in ("O", "A") or probe.is_own else other
    answer = ask(client, probe, probe.arrange(owner))
    assert answer.status_code in (probe.status, 204), answer.content


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_token_gets_what_its_scopes_say(probe):
    owner, code = make_user(Role.ADMIN), code_of(probe, "svc")
    values = probe.arrange(make_user(Role.ADMIN))
    everything = ApiClient(bearer=make_token(owner, Scope.values))
    if code in ("N", "X"):
        check_refusal(everything, probe, values, code)
        return
    scope = code.removeprefix("S:")
    without = ApiClient(bearer=make_token(owner, [other for other in Scope.values if other != scope]))
    refused = ask(without, probe, values)
    assert refused.status_code == 403
    assert scope in refused.json()["error"]["message"]
    only = ApiClient(bearer=make_token(owner, [scope]))
    assert ask(only, probe, values).status_code == probe.status


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_nobody_gets_nothing(probe):
    values = probe.arrange(make_user(Role.ADMIN))
    for client in (ApiClient(), ApiClient(bearer="trk_0000000000_x"), ApiClient(bearer="a.b.c")):
        for these in (values, probe.unknown):
            answer = ask(client, probe, these)
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"].startswith("Bearer")
            assert answer.json()["error"]["type"] == "not_authenticated"


def api_routes(patterns=None, prefix=""):
    """(route, view class, actions by method) of every address of the API."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        part = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from api_routes(pattern.url_patterns, part)
        elif isinstance(pattern, URLPattern) and part.lstrip("^").startswith(API):
            view = getattr(pattern.callback, "cls", None)
            yield (
                plain(part),
                view,
                getattr(pattern.callback, "actions", None),
                getattr(pattern.callback, "initkwargs", {}),
            )


def plain(route):
    """`^tickets/(?P<id>[^/]+)/assign$` and `tokens/<str:pk>` in one spelling."""
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route)
    route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    return route.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")


def rows_behind_routes():
    for route, cls, actions, initkwargs in api_routes():
        if cls is None or not issubclass(cls, ApiView):
            continue
        view = cls(**initkwargs)
        methods = actions or {name: None for name in cls.http_method_names if hasattr(cls, name) and name != "options"}
        for method, action in methods.items():
            if method not in ("head", "options"):
                view.action = action
                yield f"{method.upper()} {route}", view.resource, column_of(view, method.upper()), cls.is_public


def test_every_address_names_a_row_of_the_table():
    rows = table()["matrix"]
    bare = [name for name, resource, _, is_public in rows_behind_routes() if not is_public and resource not in rows]
    assert bare == []
    columns = {column for _, _, column, is_public in rows_behind_routes() if not is_public}
    assert columns <= set(table()["actions"])


def test_only_the_doors_are_public():
    is_public = {name.partition(" ")[2] for name, _, _, is_public in rows_behind_routes() if is_public}
    assert is_public <= PUBLIC


def test_every_address_has_a_probe_that_says_the_same():
    described = {probe.name: (probe.resource, probe.action) for probe in PROBES}
    actual = {name: (resource, column) for name, resource, column, is_public in rows_behind_routes() if not is_public}
    assert described == actual
