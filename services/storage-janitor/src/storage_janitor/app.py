"""The storage-janitor API."""

from __future__ import annotations

from flask import Flask
from servicekit.api_kit import ApiKit

from storage_janitor.adapters.buckets import open_buckets
from storage_janitor.adapters.owners import HttpOwners
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.http import BLUEPRINTS
from storage_janitor.ports import Ports
from storage_janitor.settings import Settings
from storage_janitor.store.refs import holdings


def create_app(settings: Settings | None = None) -> Flask:
    kit = ApiKit.open("storage-janitor", Settings, settings)
    own = kit.settings
    owners = HttpOwners(own.peer_urls, own.internal_worker_token.reveal()[0])
    ports = Ports(built_in(), open_buckets(own, own.buckets), owners)
    return kit.app(BLUEPRINTS, ports=ports, holdings=holdings)
