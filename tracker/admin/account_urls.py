"""Addresses of the pages about oneself, of those behind the links in letters, and of single sign-on."""

from django.urls import path

from tracker.admin import account_pages as pages
from tracker.admin import person_pages, sign_on_pages

urlpatterns = [
    path("login", person_pages.login_page, name="account_login"),
    path("logout", person_pages.logout_page, name="account_logout"),
    path("register", person_pages.register_page, name="account_register"),
    path("profile", person_pages.profile_page, name="account_profile"),
    path("data", person_pages.data_page, name="account_data"),
    path("password", person_pages.password_page, name="account_password"),
    path("sso", sign_on_pages.sign_on_page, name="account_sign_on"),
    path("sso/callback", sign_on_pages.callback_page, name="account_sign_on_callback"),
    path("reset", pages.ask_for_reset_page, name="account_reset"),
    path("reset/<str:uid>/<str:token>", pages.reset_page, name="account_reset_confirm"),
    path("confirm/<str:uid>/<str:token>", pages.confirm_page, name="account_confirm"),
]
