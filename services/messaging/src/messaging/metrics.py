"""The metrics that only the messaging worker has."""

from eventkit.metrics import Counter, Gauge, Histogram

SENDS = Counter(
    "academy_sends_total",
    "Messages handed to the provider; outcome is accepted, refused, again (surely not sent) or unknown.",
    ("outcome",),
)
SEND_SECONDS = Histogram("academy_send_seconds", "Time of one call to the provider, of up to 1,000 messages.")
SENDS_GUARDED = Counter(
    "academy_sends_guarded_total",
    "Messages that a guard kept back; outcome is skipped or deferred.",
    ("outcome", "reason"),
)
SENDS_ENDED = Counter("academy_sends_ended_total", "Messages that came to their end, by it.", ("state",))
SENDS_WAITING = Gauge(
    "academy_sends_waiting",
    "Messages that are due (queued), or whose fate is unknown (ambiguous); each worker shows all.",
    ("state",),
)
SENDS_RESOLVED = Counter(
    "academy_sends_resolved_total",
    "Messages whose fate the provider told: found, absent (sent anew), or twice (sent more than once).",
    ("outcome",),
)
PROVIDER_BALANCE = Gauge("academy_provider_balance", "KRW left on the provider's account.")
ALL = (SENDS, SEND_SECONDS, SENDS_GUARDED, SENDS_ENDED, SENDS_WAITING, SENDS_RESOLVED, PROVIDER_BALANCE)
