"""The routes of the messaging API, a blueprint per file."""

from messaging.http.batches import batches
from messaging.http.composing import composing
from messaging.http.consents import consents
from messaging.http.credits import charging, credits
from messaging.http.log import log
from messaging.http.refusals import refusals
from messaging.http.requests import requests
from messaging.http.settings import settings
from messaging.http.templates import templates
from messaging.http.triggers import triggers
from messaging.http.webhooks import webhooks

# in the order of the README
BLUEPRINTS = (
    templates,
    composing,
    batches,
    log,
    triggers,
    requests,
    settings,
    refusals,
    consents,
    credits,
    webhooks,
)
# of operations roles, beside those that every service has
OPERATED = (charging,)
