"""What operators see and do, the same in every service: under /api/v1/operations/<service>/ for the roles
viewer, operator and approver, and under /internal/operations/ for the internal token.
"""

from servicekit.operations import archive, insight, letters, replays
from servicekit.operations.blueprint import operations

__all__ = ["archive", "insight", "letters", "operations", "replays"]
