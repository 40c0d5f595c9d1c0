"""Opens what an API needs, so that a service's create_app is its table of contents."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts import package_of
from flask import Flask

from servicekit.app import create_base_app
from servicekit.auth import Accounts
from servicekit.db import Database
from servicekit.erasure import Count, holdings_blueprint
from servicekit.metrics import HttpMetrics, pool_use
from servicekit.settings import CommonSettings, load
from servicekit.web import Blueprint

S = TypeVar("S", bound=CommonSettings)


@dataclass(frozen=True, slots=True)
class ApiKit(Generic[S]):
    """The parts of one API process."""

    service: str
    settings: S
    db: Database
    metrics: HttpMetrics

    @classmethod
    def open(cls, service: str, settings: type[S], given: S | None) -> ApiKit[S]:
        """With the settings of the environment, unless others are given. Connects to nothing yet."""
        loaded = given or load(settings, os.environ)
        # each thread has a transaction open; health and an identity's look-up some more
        pool = loaded.web_threads + 2
        metrics = HttpMetrics(service)
        schema, use = package_of(service), pool_use(metrics.figures, pool)
        db = Database(loaded.database_url.reveal(), schema, pool, use=use)
        return cls(service, loaded, db, metrics)

    def wake(self, place: str, needed: Callable[[], str | None]) -> None:
        """Start what stopped itself at `place` (settings.worker_place; "": nothing) when it is `needed`."""
        if place:
            from servicekit.waking import start_waker  # noqa: PLC0415 - brings a worker's libraries

            start_waker(needed, place, self.settings)

    def app(
        self,
        blueprints: Sequence[Blueprint] = (),
        *,
        operated: Sequence[Blueprint] = (),
        ports: object = None,
        accounts: Accounts | None = None,
        holdings: Count | None = None,
        needs: Sequence[Callable[[], str | None]] = (),
    ) -> Flask:
        """`ports` is what the views get from deps(); `holdings` says what a purge would take here; `needs`
        wake the worker beside what always does.

        `operated` has routes of operations roles, without a prefix: it goes beside the kit's own.
        """
        if self.settings.wake_worker:
            from servicekit.waking import start_waking  # noqa: PLC0415 - brings a worker's libraries

            start_waking(self.service, self.settings, self.db, needs)
        internal = [holdings_blueprint(holdings)] if holdings else []
        return create_base_app(
            self.service,
            self.settings,
            self.db,
            metrics=self.metrics,
            deps=ports,
            blueprints=[*blueprints, *internal],
            operated=operated,
            accounts=accounts,
        )
