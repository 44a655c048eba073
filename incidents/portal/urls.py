"""Addresses of the reporters' portal, below /incidents."""

from django.urls import path

from incidents.portal import changing, following, pages, report_pages

urlpatterns = [
    path("incidents", pages.reports_page, name="portal_reports"),
    path("incidents/new", pages.new_page, name="portal_new"),
    path("incidents/follow/<str:token>", following.follow_page, name="portal_follow"),
    path("incidents/follow/<str:token>/files/<int:number>", following.follow_file_page, name="portal_follow_file"),
    path("incidents/<str:name>", report_pages.report_page, name="portal_report"),
    path("incidents/<str:name>/edit", changing.edit_page, name="portal_edit"),
    path("incidents/<str:name>/files/<int:number>", report_pages.file_page, name="portal_file"),
]
