"""Lets the tests import the recipe's files as the recipe itself does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
