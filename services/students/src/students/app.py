"""The students API."""

from __future__ import annotations

import os
from functools import partial

from flask import Flask
from servicekit.auth import Accounts
from servicekit.db import Database
from servicekit.settings import load
from servicekit.storage import open_store
from servicekit.tokens import TokenSigner
from servicekit.web import create_base_app

from students.adapters.holdings import HttpHoldings
from students.domain.audit import Pseudonyms
from students.http import BLUEPRINTS
from students.ports import Ports
from students.settings import Settings
from students.usecases.sessions import is_alive


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or load(Settings, os.environ)
    db = Database(settings.database_url.reveal(), "students", pool_size=settings.web_threads + 2)
    signer = TokenSigner(settings.account_signing_keys.reveal(), settings.auth_audience)
    ports = Ports(
        open_store(settings, settings.r2_storage_bucket),
        signer,
        Pseudonyms(settings.pseudonym_key.reveal()),
        HttpHoldings(settings.peer_urls, settings.internal_worker_token.reveal()[0]),
    )
    accounts = Accounts(signer, partial(is_alive, db))
    return create_base_app("students", settings, db, deps=ports, blueprints=BLUEPRINTS, accounts=accounts)
