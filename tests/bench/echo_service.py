"""The baseline of `recommend`: an RPC that returns what it was given, on nameko as it comes from the package index."""

from nameko.rpc import rpc


class Echo:
    """Run by `nameko run tests.bench.echo_service`; nothing of `shared.messaging` is in its process."""

    name = "echo"

    @rpc
    def echo(self, **arguments: object) -> dict[str, object]:
        """Return the arguments."""
        return arguments
