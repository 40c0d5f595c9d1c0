"""The media API."""

from __future__ import annotations

from eventkit.clock import SYSTEM_CLOCK
from flask import Flask
from servicekit.api_kit import ApiKit
from servicekit.auth import Accounts, KeySet
from servicekit.multipart import open_uploads
from servicekit.sign_ins import SignIns
from servicekit.storage import open_store

from media.http import BLUEPRINTS
from media.ports import Ports
from media.settings import Settings
from media.store.erasure import holdings
from media.store.objects import released
from media.usecases.encoding.queueing import needed_encoder


def create_app(settings: Settings | None = None) -> Flask:
    kit = ApiKit.open("media", Settings, settings)
    own = kit.settings
    kit.wake(own.wake_encoder, needed_encoder(kit.db, SYSTEM_CLOCK))
    objects, uploads = open_store(own, own.r2_video_bucket), open_uploads(own, own.r2_video_bucket)
    sign_ins = SignIns(own.students_url, own.internal_worker_token.reveal()[0])
    ports = Ports(objects, uploads, own.links, sign_ins, own.limits)
    accounts = Accounts(KeySet(own.account_jwks_url), sign_ins.alive)
    return kit.app(BLUEPRINTS, ports=ports, accounts=accounts, holdings=holdings, released=released)
