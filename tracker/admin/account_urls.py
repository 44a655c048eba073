"""Addresses of the pages behind the links in letters."""

from django.urls import path

from tracker.admin import account_pages as pages

urlpatterns = [
    path("reset", pages.ask_for_reset_page, name="account_reset"),
    path("reset/<str:uid>/<str:token>", pages.reset_page, name="account_reset_confirm"),
    path("confirm/<str:uid>/<str:token>", pages.confirm_page, name="account_confirm"),
]
