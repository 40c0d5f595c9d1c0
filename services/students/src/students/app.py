"""The students API."""

from __future__ import annotations

from functools import partial

from flask import Flask
from servicekit.api_kit import ApiKit
from servicekit.auth import Accounts
from servicekit.storage import open_store
from servicekit.tokens import TokenSigner

from students.adapters.holdings import HttpHoldings
from students.domain.audit import Pseudonyms
from students.http import BLUEPRINTS
from students.ports import Ports
from students.settings import Settings
from students.store.objects import released
from students.usecases.sessions import is_alive


def create_app(settings: Settings | None = None) -> Flask:
    kit = ApiKit.open("students", Settings, settings)
    own = kit.settings
    signer = TokenSigner(own.account_signing_keys.reveal(), own.auth_audience)
    ports = Ports(
        open_store(own, own.r2_storage_bucket),
        signer,
        Pseudonyms(own.pseudonym_key.reveal()),
        HttpHoldings(own.peer_urls, own.internal_worker_token.reveal()[0]),
    )
    accounts = Accounts(signer, partial(is_alive, kit.db))
    return kit.app(BLUEPRINTS, ports=ports, accounts=accounts, released=released)
