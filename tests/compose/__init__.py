"""The Compose file tried for real: a private Docker engine, images made here, services lost one after another."""

import warnings

# eventlet comes along with what is shared with the tests of services; it announces its bug-fix mode at every import.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
