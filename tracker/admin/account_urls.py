"""Addresses of the pages behind the links in letters, and of single sign-on."""

from django.urls import path

from tracker.admin import account_pages as pages
from tracker.admin import sign_on_pages

urlpatterns = [
    path("sso", sign_on_pages.sign_on_page, name="account_sign_on"),
    path("sso/callback", sign_on_pages.callback_page, name="account_sign_on_callback"),
    path("reset", pages.ask_for_reset_page, name="account_reset"),
    path("reset/<str:uid>/<str:token>", pages.reset_page, name="account_reset_confirm"),
    path("confirm/<str:uid>/<str:token>", pages.confirm_page, name="account_confirm"),
]
