"""The load test's modules are found as its scripts find them: beside each other."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
