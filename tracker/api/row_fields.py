"""Fields of bodies that name a row in words: a person by their address, a project by its key."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from tracker.models import Project, User
from tracker.models.users import normalise_email
from tracker.services.projects import projects_of_person


class RowMixin:
    """For fields of text: what comes out is the row that the checked text names."""

    def run_validation(self, data: Any = empty) -> Any:
        """The row; None where null was sent."""
        text = super().run_validation(data)  # type: ignore[misc]
        return self.find_row(text) if isinstance(text, str) else text

    def find_row(self, text: str) -> Any:
        """The row of this name.

        Raises:
            ValidationError: there is none.
        """
        raise NotImplementedError


class PersonField(RowMixin, serializers.EmailField):
    """A person by their e-mail address; whether they may be it is for the service to say."""

    def find_row(self, text: str) -> User:
        """The person."""
        person = User.objects.filter(email=normalise_email(text)).first()
        if person is None:
            raise serializers.ValidationError("There is no such person.")
        return person


class ProjectKeyField(RowMixin, serializers.CharField):
    """A project by its key, of those that the caller may see."""

    def find_row(self, text: str) -> Project:
        """The project."""
        project = projects_of_person(self.context["view"].actor).filter(key=text.upper()).first()
        if project is None:
            raise serializers.ValidationError("There is no such project.")
        return project
