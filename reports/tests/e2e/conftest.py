"""What the browser's tests of reports share with the others."""

from incidents.tests.e2e.conftest import (
    _allow_orm_beside_the_browser,
    back_office,
    browser_type_launch_args,
    complaints,
    screenshots,
    site,
)

__all__ = [
    "_allow_orm_beside_the_browser",
    "back_office",
    "browser_type_launch_args",
    "complaints",
    "screenshots",
    "site",
]
