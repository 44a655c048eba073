"""A factory's production as people see it, and points that they append."""

import pytest
from playwright.sync_api import expect

from tracker.models import Factory, ProductionPoint

pytestmark = pytest.mark.e2e
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


def test_a_person_looks_at_a_factory_and_appends_points(back_office, page, complaints, screenshots):
    factory = Factory.objects.get(name="Lyon")
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(f"{back_office}/tracker/factory/{factory.pk}/change/")
            expect(page.get_by_role("img", name="Lyon: actual production and goal")).to_be_visible()
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 1, size
            page.screenshot(path=screenshots / f"factory-{size}-{scheme}.png", full_page=True)
    page.get_by_role("link", name="All of it, with a table").click()
    before = ProductionPoint.objects.filter(factory=factory).count()
    begin = int(factory.last_point_at.timestamp())
    page.get_by_label("Points:").fill(f"{begin + 1}, 17, 20\n{begin + 2}, 18.5, 20")
    page.get_by_role("button", name="Append").click()
    expect(page.get_by_text("2 points were appended.")).to_be_visible()
    expect(page.get_by_role("cell", name="18.5")).to_be_visible()
    assert ProductionPoint.objects.filter(factory=factory).count() == before + 2
    assert complaints == []
