"""The routes of the messaging API, a blueprint per file."""

from messaging.http.webhooks import webhooks

# in the order of the README
BLUEPRINTS = (webhooks,)
