"""`python -m portal.sandbox`: the sandbox behind a real HTTP server, with its data saved in a file on request."""

import sys

from .server import main

sys.exit(main())
