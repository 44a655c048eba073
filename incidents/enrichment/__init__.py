"""Whoever finds out more about an incident: those that answer at once, and those that are asked over the network."""

from collections.abc import Mapping

from incidents.enrichment.base import Provider, RemoteProvider
from incidents.enrichment.geoip import GEOIP
from incidents.enrichment.http import HTTP
from incidents.enrichment.place import PLACE
from incidents.enrichment.similar import SIMILAR

LOCAL: Mapping[str, Provider] = {provider.name: provider for provider in (GEOIP, PLACE, SIMILAR)}
REMOTE: Mapping[str, RemoteProvider] = {HTTP.name: HTTP}
LABELS: Mapping[str, str] = {provider.name: provider.label for provider in (GEOIP, PLACE, SIMILAR, HTTP)}
