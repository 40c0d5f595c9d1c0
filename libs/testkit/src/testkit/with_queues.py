"""`python -m testkit.with_queues FILE …`: academyctl with other queues than deploy/queues.yaml."""

import sys
from pathlib import Path

from academyctl import bootstrap
from academyctl.__main__ import main

if __name__ == "__main__":
    bootstrap.QUEUES = Path(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
