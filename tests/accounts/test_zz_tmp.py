import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@pytest.mark.django_db(transaction=True)
def test_it():
    ex = MigrationExecutor(connection)
    ex.migrate([("accounts", "0001_initial")])
    apps = ex.loader.project_state([("accounts", "0001_initial")]).apps
    U = apps.get_model("accounts", "User")
    for n, (role, staff, sup) in enumerate(
        [
            ("ADMINISTRATOR", True, True),
            ("CASE_WORKER", False, False),
            ("DEVELOPER", True, False),
            ("READER", False, False),
        ]
    ):
        U.objects.create(email=f"u{n}@x.example", name=role, role=role, is_staff=staff, is_superuser=sup, password="x")
    ex = MigrationExecutor(connection)
    ex.migrate(ex.loader.graph.leaf_nodes("accounts"))
    from accounts.models import User

    got = {u.name: (u.given.roles, sorted(u.given.sees_all), sorted(u.given.charges)) for u in User.objects.all()}
    for k, v in got.items():
        print(k, v)
    assert got["ADMINISTRATOR"][2] == ["KEPT", "OPERATION", "PEOPLE", "STORED", "VENDOR"]
    assert got["CASE_WORKER"][1:] == ([], [])
    assert got["DEVELOPER"][2] == ["VENDOR"]
    assert got["READER"] == (
        dict.fromkeys(("SANDBOX", "TEST", "PRODUCTION"), "READER"),
        ["PRODUCTION", "SANDBOX", "TEST"],
        [],
    )
