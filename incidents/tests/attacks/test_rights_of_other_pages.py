"""Every address of the back office that is no list or form: search boxes, exports and pages of its own, by role."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from tracker.access import Actor, decide
from tracker.admin.base import AccessAdmin
from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
PACKAGES = ("tracker", "incidents", "reports")
PEOPLE = [Role.REPORTER, Role.MAINTAINER, Role.ADMIN]
# Addresses of the site itself: its doors, and what shows nothing of any table, or only the reader's own.
DOORS = {"login", "login_code", "logout"}
# Words of the pages, and a redirect to other sites of which there are none.
SAID_TO_ALL = {"jsi18n", "app_list", "view_on_site"}
OF_THE_SITE = DOORS | {
    "index", "password_change", "password_change_done", "jsi18n", "app_list", "view_on_site",
    "autocomplete", "profile", "second_factor", "system",
}  # fmt: skip
FIELDS = [
    field
    for package in PACKAGES
    for model in apps.get_app_config(package).get_models()
    for field in (*model._meta.fields, *model._meta.many_to_many)
    if field.remote_field
]


def browser(role: Role | None) -> Client:
    client = Client()
    if role is not None:
        client.force_login(make_user(role))
    return client


def ask(client: Client, field, term: str = ""):
    opts = field.model._meta
    query = {"app_label": opts.app_label, "model_name": opts.model_name, "field_name": field.name, "term": term}
    return client.get("/admin/autocomplete/", query)


def may_search(field, role: Role) -> bool:
    """Whether the table lets a role list what a field leads to, and there is a page that can be searched."""
    page = admin.site._registry.get(field.remote_field.model)
    is_searchable = isinstance(page, AccessAdmin) and bool(page.search_fields)
    return is_searchable and decide(Actor.of_user(User(role=role)), page.resource, "list").is_allowed


@pytest.mark.parametrize("role", PEOPLE)
def test_a_search_box_answers_those_whom_the_table_lets_list(role):
    client = browser(role)
    for field in FIELDS:
        answer = ask(client, field)
        if role == Role.REPORTER:
            assert answer.status_code == 302, field
        elif may_search(field, role):
            assert answer.status_code == 200, (field, answer.content)
        else:
            assert answer.status_code in (403, 404), field


def test_a_search_box_answers_nobody_who_is_not_logged_in():
    client = browser(None)
    assert {ask(client, field).status_code for field in FIELDS} == {302}


def test_a_field_that_leads_nowhere_is_refused():
    client = browser(Role.ADMIN)
    wrong = [
        ("tracker", "user", "password"),
        ("tracker", "nothing", "x"),
        ("auth", "permission", "content_type"),
        ("", "", ""),
    ]
    for app_label, model_name, field_name in wrong:
        query = {"app_label": app_label, "model_name": model_name, "field_name": field_name}
        assert client.get("/admin/autocomplete/", query).status_code == 403


def own_addresses(patterns=None, prefix="/admin/"):
    """(name, address) of everything below /admin/, ids filled in."""
    if patterns is None:
        patterns = next(
            resolver.url_patterns
            for resolver in get_resolver().url_patterns
            if isinstance(resolver, URLResolver) and resolver.app_name == "admin"
        )
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from own_addresses(pattern.url_patterns, prefix)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, pattern.pattern.converters


ADDRESSES = sorted({name: tuple(converters) for name, converters in own_addresses()}.items())


def find_page(name: str) -> AccessAdmin | None:
    for model, page in admin.site._registry.items():
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_") and isinstance(page, AccessAdmin):
            return page
    return None


def test_every_address_belongs_to_a_page_with_a_row_or_is_the_site_s_own():
    strays = [name for name, _ in ADDRESSES if name not in OF_THE_SITE and find_page(name) is None]
    assert strays == []


@pytest.mark.parametrize(("name", "arguments"), [row for row in ADDRESSES if row[0] not in DOORS | SAID_TO_ALL])
def test_no_address_answers_strangers_and_reporters(name, arguments):
    try:
        address = reverse(f"admin:{name}", kwargs=dict.fromkeys(arguments, "1"))
    except NoReverseMatch:
        address = reverse(f"admin:{name}", args=["1"] * len(arguments))
    for client in (browser(None), browser(Role.REPORTER)):
        for answer in (client.get(address), client.post(address, {"post": "yes"})):
            assert answer.status_code in (302, 403), address
            assert answer.status_code == 403 or answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("role", [Role.MAINTAINER, Role.ADMIN])
def test_an_export_is_for_those_whom_the_table_lets_export(role):
    client, actor = browser(role), Actor.of_user(make_user(role))
    for name, arguments in ADDRESSES:
        page = find_page(name)
        if page is not None and name.endswith("_export") and not arguments:
            is_refused = client.get(reverse(f"admin:{name}")).status_code == 403
            assert is_refused == (not decide(actor, page.resource, "export").is_allowed), name
