"""The address of bare_create.py."""

import itertools
import os
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.models import Issue
from tracker import clock

_numbers = itertools.count(os.getpid() * 1000 + 1_000_000)


class IssueSerializer(serializers.ModelSerializer[Issue]):
    """An issue as most applications take it."""

    class Meta:
        model = Issue
        fields = ["id", "title", "description", "project", "severity", "priority", "status", "created_at"]
        read_only_fields = ["status", "created_at"]


class CreateView(APIView):
    """One INSERT."""

    authentication_classes: Any = []
    permission_classes: Any = []
    throttle_classes: Any = []
    parser_classes: Any = [JSONParser]
    renderer_classes: Any = [JSONRenderer]

    def post(self, request: Request) -> Response:
        """Keeps the row as it is."""
        serializer = IssueSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        now = clock.now()
        issue = Issue.objects.create(**serializer.validated_data, number=next(_numbers), created_at=now, updated_at=now)
        return Response(IssueSerializer(issue).data, status=201)


urlpatterns = [path("issues", CreateView.as_view())]
