"""Which containers a name on the command line means."""

import pytest

from services.workbench.registry import CONTAINERS, SERVICES, containers_of, database_url, migrations_of, services_of
from shared.kernel.faults import InvalidRequest, NotFound


def test_a_service_is_two_containers_and_a_container_is_itself() -> None:
    assert containers_of(["governance"]) == ["governance", "governance_bulk"]
    assert containers_of(["governance_bulk"]) == ["governance_bulk"]


@pytest.mark.parametrize("names", [[], ["all"], ["all", "catalogue"]])
def test_all_and_nothing_mean_every_container(names: list[str]) -> None:
    assert containers_of(names) == list(CONTAINERS)


def test_names_given_twice_count_once_and_in_the_registrys_order() -> None:
    assert services_of(["campaigns", "catalogue_bulk", "campaigns_bulk"]) == ["catalogue", "campaigns"]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"did you mean channels\?"):
        containers_of(["channel"])


def test_each_service_has_its_own_database_under_var_unless_told_otherwise() -> None:
    assert len({database_url(service, {"BANYAN_VAR": "/v"}) for service in SERVICES}) == len(SERVICES)
    assert database_url("catalogue", {"BANYAN_VAR": "/v"}) == "sqlite:////v/catalogue.sqlite"
    template = "postgresql://{service}@db/banyan_{service}"
    assert database_url("catalogue", {"BANYAN_DATABASE_URL": template}) == "postgresql://catalogue@db/banyan_catalogue"
    with pytest.raises(InvalidRequest):
        database_url("catalogue", {"BANYAN_DATABASE_URL": "postgresql://db/banyan"})


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_migrations(service: str) -> None:
    assert (migrations_of(service) / "env.py").exists()
