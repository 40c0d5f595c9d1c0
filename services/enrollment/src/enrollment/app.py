"""The enrollment API."""

from __future__ import annotations

from flask import Flask
from servicekit.api_kit import ApiKit
from servicekit.passwords import hash_password
from servicekit.storage import open_store

from enrollment.adapters.sheet import sniff
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.adapters.streams import Streams
from enrollment.adapters.undo_tokens import UndoTokens
from enrollment.http import BLUEPRINTS
from enrollment.ports import ApiPorts
from enrollment.settings import Settings
from enrollment.store.erasure import holdings
from enrollment.store.objects import released


def create_app(settings: Settings | None = None) -> Flask:
    kit = ApiKit.open("enrollment", Settings, settings)
    objects = open_store(kit.settings, kit.settings.r2_excel_bucket)
    undo_tokens = UndoTokens(kit.settings.internal_worker_token.reveal())
    streams = Streams(kit.db, kit.service, max(1, kit.settings.web_threads // 2 - 1))
    ports = ApiPorts(objects, sniff, hash_password, undo_tokens, write_sheet, streams)
    return kit.app(BLUEPRINTS, ports=ports, holdings=holdings, released=released)
