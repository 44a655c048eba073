"""The back office: Django's admin with Tracker's rights, services and looks. The pages are listed in pages.py."""
