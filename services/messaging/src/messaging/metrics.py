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
SENDS_ENDED = Counter(
    "academy_sends_ended_total",
    "Messages that came to their end, by it; no_report: paid for, though the provider never told.",
    ("state",),
)
SENDS_WAITING = Gauge(
    "academy_sends_waiting",
    "Messages that are due (queued), or whose fate is unknown (ambiguous); each worker shows all.",
    ("state",),
)
SENDS_OLDEST = Gauge(
    "academy_sends_oldest_seconds",
    "Since when the oldest message is due (queued, of academies that hold nothing back) or its fate unknown"
    " (ambiguous); 0 for none.",
    ("state",),
)
SENDS_RESOLVED = Counter(
    "academy_sends_resolved_total",
    "Messages whose fate the provider told: found, absent (sent anew), or twice (sent more than once).",
    ("outcome",),
)
PROVIDER_BALANCE = Gauge("academy_provider_balance", "KRW left on the provider's account.")
PROVIDER_REFUSED = Counter(
    "academy_provider_refused_total", "Calls that the provider refused as a whole, by its code.", ("code",)
)
ALL = (
    SENDS, SEND_SECONDS, SENDS_GUARDED, SENDS_ENDED, SENDS_WAITING, SENDS_OLDEST, SENDS_RESOLVED,
    PROVIDER_BALANCE, PROVIDER_REFUSED,
)  # fmt: skip
