"""The messaging API."""

from __future__ import annotations

from eventkit.clock import SYSTEM_CLOCK
from flask import Flask
from servicekit.api_kit import ApiKit

from messaging.adapters.providers import provider
from messaging.domain.recipients import Fingerprints
from messaging.http import BLUEPRINTS, OPERATED
from messaging.ports import Ports
from messaging.settings import Settings
from messaging.store.erasure import holdings
from messaging.usecases.tending import needed_sender


def create_app(settings: Settings | None = None) -> Flask:
    kit = ApiKit.open("messaging", Settings, settings)
    own = kit.settings
    ports = Ports(
        provider(own, SYSTEM_CLOCK),
        Fingerprints(own.recipient_key.reveal()),
        own.webhook_tokens.reveal(),
        SYSTEM_CLOCK,
    )
    needs = [needed_sender(kit.db, SYSTEM_CLOCK)]
    return kit.app(BLUEPRINTS, operated=OPERATED, ports=ports, holdings=holdings, needs=needs)
