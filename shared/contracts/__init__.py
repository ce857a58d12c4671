"""What travels on the bus: typed requests, replies and events of every service, version 1.

One module per service. Everything is a frozen msgspec Struct that refuses unknown fields on requests; JSON on the
wire. Within a version fields are only ever added, with a default.
"""

VERSION = 1
