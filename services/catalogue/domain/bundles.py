"""What is wrong with bundles, looked at together with the rest of the catalogue: unknown components and cycles."""

from collections.abc import Iterator, Sequence

from services.catalogue.domain.checking import faults_of
from services.catalogue.domain.offering import Components, KnownNames, Offering, OfferingFault


def check_batch(
    offerings: Sequence[Offering], stored: Components, known: KnownNames
) -> tuple[list[int], list[OfferingFault]]:
    """Return the indexes of the offerings that may be kept, and the faults of the others, both in order.

    `stored` holds at least every stored offering that the batch can reach through components. A bundle may name
    components of the same batch; where one of those is refused and none of its name is stored, so is the bundle.
    """
    faults = list(_own_faults(offerings, known))
    refused = {fault.index for fault in faults}
    kept = {item.offering_id: index for index, item in enumerate(offerings) if index not in refused}
    while found := [*_unknown_components(offerings, kept, stored), *_cycles(offerings, kept, stored)]:
        # Once one is refused its stored form counts again, and the others are looked at anew.
        faults += found
        for fault in found:
            kept.pop(offerings[fault.index].offering_id, None)
    return sorted(kept.values()), sorted(faults)


def _own_faults(offerings: Sequence[Offering], known: KnownNames) -> Iterator[OfferingFault]:
    first: dict[str, int] = {}
    for index, offering in enumerate(offerings):
        for field, message in faults_of(offering, known):
            yield OfferingFault(index, field, message)
        earlier = first.setdefault(offering.offering_id, index)
        if earlier != index:
            yield OfferingFault(
                index, "offering_id", f"{offering.offering_id!r} is in this batch already, at {earlier}"
            )


def _unknown_components(
    offerings: Sequence[Offering], kept: dict[str, int], stored: Components
) -> Iterator[OfferingFault]:
    """Yield bundles with a component nobody knows, and, in turn, the bundles of such bundles."""
    users: dict[str, list[tuple[int, int]]] = {}
    for index in kept.values():
        for at, name in enumerate(offerings[index].components):
            users.setdefault(name, []).append((index, at))
    missing = [name for name in users if name not in kept and name not in stored]
    gone: set[int] = set()
    while missing:
        name = missing.pop()
        for index, at in users.get(name, ()):
            yield OfferingFault(index, f"components[{at}]", f"there is no offering {name[:80]!r}")
            bundle = offerings[index].offering_id
            if index not in gone and bundle not in stored:
                missing.append(bundle)
            gone.add(index)


def _cycles(offerings: Sequence[Offering], kept: dict[str, int], stored: Components) -> Iterator[OfferingFault]:
    """Yield every kept offering that is, through components, a component of itself."""
    edges = dict(stored) | {name: offerings[index].components for name, index in kept.items()}
    for ring in _rings(edges):
        for name in ring:
            if name in kept:
                way = " → ".join([*ring[:10], *(["…"] if len(ring) > 10 else [])])  # noqa: PLR2004 - readable length
                yield OfferingFault(kept[name], "components", f"bundles contain one another: {way}")


def _rings(edges: Components) -> Iterator[list[str]]:
    """Yield the strongly connected parts that hold a cycle."""
    search = _Search(edges)
    for root in edges:
        if root not in search.number:
            for part in search.walk(root):
                if len(part) > 1 or part[0] in edges.get(part[0], ()):
                    yield part


class _Search:
    """Tarjan's algorithm, without recursion: a chain of bundles may be longer than Python's stack."""

    def __init__(self, edges: Components) -> None:
        self.edges = edges
        self.number: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.path: list[str] = []
        self.place: dict[str, int] = {}  # of those on the path

    def walk(self, root: str) -> Iterator[list[str]]:
        """Yield the strongly connected parts that can be reached from `root` and were not seen before."""
        work = [self._enter(root)]
        while work:
            name, rest = work[-1]
            follower = next(rest, None)
            if follower is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    self.low[above] = min(self.low[above], self.low[name])
                if self.low[name] == self.number[name]:
                    yield self._leave(name)
            elif follower not in self.number:
                work.append(self._enter(follower))
            elif follower in self.place:
                self.low[name] = min(self.low[name], self.number[follower])

    def _enter(self, name: str) -> tuple[str, Iterator[str]]:
        self.number[name] = self.low[name] = len(self.number)
        self.place[name] = len(self.path)
        self.path.append(name)
        return name, iter(self.edges.get(name, ()))

    def _leave(self, name: str) -> list[str]:
        part = self.path[self.place[name] :]
        del self.path[self.place[name] :]
        for member in part:
            del self.place[member]
        return part
