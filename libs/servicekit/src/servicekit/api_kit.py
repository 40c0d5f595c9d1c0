"""Opens what an API needs, so that a service's create_app is its table of contents."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Flask

from servicekit.auth import Accounts
from servicekit.db import Database
from servicekit.erasure import Count, holdings_blueprint
from servicekit.settings import CommonSettings, load
from servicekit.web import Blueprint, create_base_app

S = TypeVar("S", bound=CommonSettings)


@dataclass(frozen=True, slots=True)
class ApiKit(Generic[S]):
    """The parts of one API process."""

    service: str
    settings: S
    db: Database

    @classmethod
    def open(cls, service: str, settings: type[S], given: S | None) -> ApiKit[S]:
        """With the settings of the environment, unless others are given. Connects to nothing yet."""
        loaded = given or load(settings, os.environ)
        # each thread has a transaction open; health and an identity's look-up some more
        pool = loaded.web_threads + 2
        db = Database(loaded.database_url.reveal(), service.replace("-", "_"), pool)
        return cls(service, loaded, db)

    def app(
        self,
        blueprints: Sequence[Blueprint] = (),
        *,
        ports: object = None,
        accounts: Accounts | None = None,
        holdings: Count | None = None,
    ) -> Flask:
        """`ports` is what the views get from deps(); `holdings` says what a purge would take here."""
        internal = [holdings_blueprint(holdings)] if holdings else []
        return create_base_app(
            self.service,
            self.settings,
            self.db,
            deps=ports,
            blueprints=[*blueprints, *internal],
            accounts=accounts,
        )
