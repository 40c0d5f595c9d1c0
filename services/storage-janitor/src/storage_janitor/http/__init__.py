"""The routes of the storage-janitor API, a blueprint per file."""

from storage_janitor.http.findings import findings
from storage_janitor.http.plans import plans
from storage_janitor.http.policies import policies
from storage_janitor.http.records import records
from storage_janitor.http.usage import usage

# in the order of the README
BLUEPRINTS = (policies, plans, records, findings, usage)
