"""``python -m meshctl``."""

import sys

from meshctl.cli.main import main

sys.exit(main())
