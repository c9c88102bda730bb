"""`python -m portal.sandbox`: the sandbox behind a real server, with its memory in a file if wanted."""

import sys

from .server import main

sys.exit(main())
