"""The routes of the messaging API, a blueprint per file."""

from messaging.http.batches import batches
from messaging.http.composing import composing
from messaging.http.log import log
from messaging.http.templates import templates
from messaging.http.webhooks import webhooks

# in the order of the README
BLUEPRINTS = (
    templates,
    composing,
    batches,
    log,
    webhooks,
)
