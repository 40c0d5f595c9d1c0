"""What a tenant id may look like: it is part of object keys, URLs and metric labels."""

from __future__ import annotations

import re

TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
