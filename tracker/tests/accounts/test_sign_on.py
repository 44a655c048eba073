"""Single sign-on: whom the company's provider vouches for gets in, as who they are here, and nobody else does."""

import http.client
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Event, User
from tracker.services.users import deactivate_user
from tracker.sign_on import GuardedSocialAdapter
from tracker.testing.factories import PASSWORD, make_user
from tracker.testing.oidc_provider import CLIENT_ID, CLIENT_SECRET, KEY_ID, run_provider, sign, signing_key
from tracker.testing.second_factors import code_of, give_second_factor

pytestmark = pytest.mark.django_db
BEGIN, CALLBACK = "/account/sso", "/account/sso/callback"
ADA = {"sub": "ada-1", "email": "ada@example.com", "email_verified": True, "name": "Ada"}


@pytest.fixture
def provider(settings):
    with run_provider(**ADA) as provider:
        settings.OIDC_ISSUER = provider.url
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
        settings.OIDC_NAME, settings.OIDC_DOMAINS = "Example", []
        yield provider


def visit_provider(url):
    """What the browser does at the provider: the address it is sent back to."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=5)
    connection.request("GET", f"{address.path}?{address.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    return location


def go_and_come_back(client, next_url="/admin/"):
    begun = client.get(BEGIN, {"next": next_url})
    assert begun.status_code == 302, begun.content
    back = urlsplit(visit_provider(begun["Location"]))
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def sign_on(client, next_url="/admin/"):
    return client.get(go_and_come_back(client, next_url))


def is_logged_in(client):
    return "_auth_user_id" in client.session


def test_until_it_is_configured_there_is_nothing(client):
    for page in (BEGIN, CALLBACK, "/accounts/login/", "/account/login/"):
        assert client.get(page).status_code == 404
    assert "sso" not in client.get("/admin/login/").content.decode()


def test_somebody_known_by_their_verified_address_gets_in_as_who_they_are(provider, client):
    ada = make_user(Role.MAINTAINER, email="ada@example.com")
    assert "Log in with Example" in client.get("/admin/login/").content.decode()
    answer = sign_on(client, "/admin/tracker/user/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/tracker/user/")
    assert client.get("/admin/").status_code == 200
    assert SocialAccount.objects.get().user == ada
    told = Event.objects.filter(object_type="user").values_list("verb", flat=True)
    assert set(told) == {"user.linked", "user.logged_in"}
    assert "/keys" in provider.calls


def test_the_browser_is_sent_with_state_nonce_and_challenge_to_come_back_to_our_own_name(provider, settings, client):
    settings.SITE_URL = "https://tracker.example.com"
    begun = client.get(BEGIN, headers={"X-Forwarded-Host": "evil.example"})
    query = parse_qs(urlsplit(begun["Location"]).query)
    assert query["redirect_uri"] == [f"https://tracker.example.com{CALLBACK}"]
    assert query["code_challenge_method"] == ["S256"]
    assert all(len(query[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert "openid" in query["scope"][0].split()


def test_the_second_time_the_subject_counts_and_not_the_address(provider):
    ada = make_user(Role.MAINTAINER, email="ada@example.com")
    sign_on(Client())
    User.objects.filter(pk=ada.pk).update(email="ada.new@example.com")
    make_user(Role.ADMIN, email="ada@example.com")
    client = Client()
    sign_on(client)
    assert client.session["_auth_user_id"] == str(ada.pk)


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_links_nobody_and_makes_nobody(provider, settings, client, verified):
    make_user(Role.ADMIN, email="ada@example.com")
    settings.OIDC_DOMAINS = ["*"]
    provider.person["email_verified"] = verified
    answer = sign_on(client)
    assert answer.status_code == 403
    assert "no account for you" in answer.content.decode()
    assert not is_logged_in(client)
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 0)


@pytest.mark.parametrize(("domains", "is_made"), [([], False), (["other.org"], False), (["example.com"], True)])
def test_who_is_new_is_a_reporter_where_their_domain_may_come_in(provider, settings, client, domains, is_made):
    settings.OIDC_DOMAINS = domains
    provider.person.update(role="admin", groups=["admin"], is_superuser=True)
    answer = sign_on(client)
    assert is_logged_in(client) == is_made == User.objects.exists()
    assert answer.status_code == (302 if is_made else 403)
    for person in User.objects.all():
        assert (person.role, person.is_superuser, person.has_usable_password()) == ("reporter", False, False)
        assert (person.full_name, person.email) == ("Ada", "ada@example.com")


def test_who_is_deactivated_stays_out_and_is_not_made_anew(provider, settings):
    settings.OIDC_DOMAINS = ["*"]
    ada = make_user(Role.MAINTAINER, email="ada@example.com")
    sign_on(Client())
    deactivate_user(actor=Actor.system("a test"), user=ada)
    client = Client()
    assert sign_on(client).status_code == 403
    SocialAccount.objects.all().delete()
    assert sign_on(client).status_code == 403
    assert not is_logged_in(client)
    assert User.objects.count() == 1


def test_whoever_registered_the_address_without_proof_loses_their_password(provider, client):
    ada = make_user(Role.REPORTER, email="ada@example.com", is_unconfirmed=True)
    sign_on(client)
    ada.refresh_from_db()
    assert is_logged_in(client)
    assert (ada.is_unconfirmed, ada.check_password(PASSWORD)) == (False, False)


def test_a_second_factor_is_asked_for_all_the_same(provider, client):
    secret = give_second_factor(make_user(Role.ADMIN, email="ada@example.com"))
    answer = sign_on(client)
    assert answer["Location"].startswith("/admin/login/code/")
    assert not is_logged_in(client)
    client.post(answer["Location"], {"code": code_of(secret)})
    assert is_logged_in(client)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_nowhere_else(provider, client, target):
    make_user(Role.ADMIN, email="ada@example.com")
    assert sign_on(client, target)["Location"] == "/admin/"


HS256 = lambda claims: jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": KEY_ID})  # noqa: E731
NONE = lambda claims: jwt.encode(claims, None, algorithm="none", headers={"kid": KEY_ID})  # noqa: E731
OTHER_KEY = lambda claims: jwt.encode(claims, signing_key("other"), "RS256", headers={"kid": KEY_ID})  # noqa: E731
OTHER_ID = lambda claims: jwt.encode(claims, signing_key(), "RS256", headers={"kid": "key-2"})  # noqa: E731


@pytest.mark.parametrize(
    "signed", [HS256, NONE, OTHER_KEY, OTHER_ID, lambda claims: "a.b.c", lambda claims: f"{sign(claims)[:-9]}AAAAAAAAA"]
)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(provider, client, signed):
    make_user(Role.ADMIN, email="ada@example.com")
    provider.sign = signed
    assert sign_on(client).status_code == 403
    assert not is_logged_in(client)


WRONG_CLAIMS = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "another"},
    {"iss": "https://evil.example"},
    {"exp": 1_000_000},
    {"sub": ""},
    {"sub": "x" * 192},
]


@pytest.mark.parametrize("wrong", WRONG_CLAIMS, ids=str)
def test_a_token_with_a_wrong_claim_lets_nobody_in(provider, client, wrong):
    make_user(Role.ADMIN, email="ada@example.com")
    provider.change_claims = lambda claims: {**claims, **wrong}
    assert sign_on(client).status_code == 403
    assert not is_logged_in(client)


def test_an_answer_is_for_one_browser_and_works_once(provider):
    make_user(Role.ADMIN, email="ada@example.com")
    mine, other = Client(), Client()
    back = go_and_come_back(mine)
    go_and_come_back(other)
    assert other.get(back).status_code == 403
    assert not is_logged_in(other)
    assert mine.get(back).status_code == 302
    mine.logout()
    assert mine.get(back).status_code == 403
    assert Client().get(CALLBACK).status_code == 403


def test_who_refuses_at_the_provider_is_told(provider, client):
    provider.refuses = True
    assert sign_on(client).status_code == 403


def test_user_information_is_believed_of_the_same_person_only(provider, client):
    make_user(Role.MAINTAINER, email="ada@example.com")
    provider.change_claims = lambda claims: {
        name: value for name, value in claims.items() if not name.startswith("email")
    }
    provider.userinfo = {**ADA, "sub": "somebody-else"}
    assert sign_on(client).status_code == 403
    provider.userinfo = ADA
    assert sign_on(client).status_code == 302
    assert is_logged_in(client)


@pytest.mark.parametrize(
    "wrong", [{"issuer": "https://evil.example"}, {"token_endpoint": None}, {"authorization_endpoint": 7}], ids=str
)
def test_a_provider_that_is_none_is_said_to_be_out_of_order(provider, client, wrong):
    make_user(Role.ADMIN, email="ada@example.com")
    provider.discovery = wrong
    begun = client.get(BEGIN)
    if begun.status_code == 302 and "/authorize" in begun["Location"]:
        back = urlsplit(visit_provider(begun["Location"]))
        assert client.get(f"{back.path}?{back.query}").status_code == 403
    assert not is_logged_in(client)


def test_a_provider_that_is_away_is_said_to_be(settings, provider, client):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    assert client.get(BEGIN).status_code == 403


def test_calls_to_the_provider_keep_to_the_rules_of_what_leaves_the_house(provider, settings):
    with GuardedSocialAdapter().get_requests_session() as session:
        assert session.get(f"{provider.url}/keys").json()["keys"]
        with pytest.raises(Exception, match="redirects"):
            session.get(f"{provider.url}/authorize?redirect_uri=http://127.0.0.1:1/&state=x")
        settings.OUTGOING_ALLOWED_NETWORKS = []
        with pytest.raises(Exception, match="public internet"):
            session.get(f"{provider.url}/keys")
        settings.IS_PRODUCTION = True
        with pytest.raises(Exception, match="https alone"):
            session.get(f"{provider.url}/keys")
