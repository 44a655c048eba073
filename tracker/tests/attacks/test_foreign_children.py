"""Addresses that lead through a parent: another parent's child is as unknown there as one that never was."""

import re

import pytest

from tracker.tests.attacks.asking import PROBES, Asker, check_refusal, name_of

pytestmark = pytest.mark.django_db
NAMES = re.compile(r"{(\w+)}")
NESTED = [probe for probe in PROBES if len(NAMES.findall(probe.route)) > 1]


@pytest.mark.parametrize("probe", NESTED, ids=name_of)
def test_a_child_of_another_parent_is_not_found_and_not_touched(probe):
    asker = Asker(probe)
    own, other = asker.values, probe.arrange(asker.user)
    answers = []
    for child in NAMES.findall(probe.route)[1:]:
        for value in (other[child], probe.unknown[child]):
            if value == own[child]:
                # No child's id but its place, which every parent has.
                continue
            answer = asker.ask(probe.body_for(own) or None, path=probe.path({**own, child: value}))
            assert answer.status_code == 404, answer.content[:300]
            answers.append(check_refusal(answer) | {"request_id": ""})
    assert all(answer == answers[0] for answer in answers)
    # Both are still what they were: each answers at its own address.
    for values in (own, other):
        assert asker.ask(probe.body_for(values) or None, path=probe.path(values)).status_code in (probe.status, 204)


def test_there_are_such_addresses():
    assert len(NESTED) >= 5
