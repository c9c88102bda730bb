"""What a migration later than the first ones may do, so that it blocks nobody and the release before can run beside it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.migrations.state import ProjectState

CONCURRENT = (AddIndexConcurrently, RemoveIndexConcurrently)
LATER = "one release after the code stopped using it: name that release in `unused_since`"


def faults(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """Sentences. `state` is that before the migration."""
    made = {op.name_lower for op in migration.operations if isinstance(op, migrations.CreateModel)}
    concurrent = [op for op in migration.operations if isinstance(op, CONCURRENT)]
    found = [fault for op in migration.operations if (fault := _fault(op, made, migration, state))]
    if concurrent and (migration.atomic or len(migration.operations) > 1):
        found.append("a concurrent index is alone in its migration, with atomic = False: it can then be tried again")
    return found


def _fault(op: Any, made: set[str], migration: migrations.Migration, state: ProjectState) -> str:
    if _model(op) in made:
        return ""
    checks = (_of_index, _of_constraint, _of_new_field, _of_removal, _of_code)
    found = [check(op, migration) for check in checks]
    return next(filter(None, [*found, _of_changed_field(op, migration, state)]), "")


def _model(op: Any) -> str:
    return str(getattr(op, "model_name_lower", "") or getattr(op, "name_lower", ""))


def _of_index(op: Any, _: Any) -> str:
    if isinstance(op, migrations.AddIndex) and not isinstance(op, AddIndexConcurrently):
        return f"index {op.index.name}: AddIndexConcurrently"
    if isinstance(op, migrations.RemoveIndex) and not isinstance(op, RemoveIndexConcurrently):
        return f"index {op.name}: RemoveIndexConcurrently"
    return ""


def _of_constraint(op: Any, _: Any) -> str:
    if isinstance(op, migrations.AddConstraint) and not isinstance(op, AddConstraintNotValid):
        kind = "AddConstraintNotValid, then ValidateConstraint in another migration"
        unique = "a unique index made concurrently, then the constraint with SeparateDatabaseAndState"
        return (
            f"constraint {op.constraint.name}: {unique if isinstance(op.constraint, models.UniqueConstraint) else kind}"
        )
    return ""


def _of_new_field(op: Any, _: Any) -> str:
    if not isinstance(op, migrations.AddField) or isinstance(op.field, models.ManyToManyField | models.GeneratedField):
        return ""
    field = op.field
    if not field.null and not field.has_db_default():
        return f"column {op.name}: nullable or with db_default, as the release before does not write it"
    if field.unique or field.db_index:
        return f"column {op.name}: without an index; AddIndexConcurrently in a migration of its own"
    return ""


def _of_removal(op: Any, migration: migrations.Migration) -> str:
    renames = (migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)
    if isinstance(op, renames):
        return f"{op.describe()}: a new one, written beside the old, which goes later"
    removes = (migrations.RemoveField, migrations.DeleteModel)
    return f"{op.describe()}: {LATER}" if isinstance(op, removes) and not getattr(migration, "unused_since", "") else ""


def _of_code(op: Any, _: Any) -> str:
    is_one_way = isinstance(op, migrations.RunPython | migrations.RunSQL) and not op.reversible
    return f"{op.describe()}: has no reverse; .noop where nothing must be undone" if is_one_way else ""


def _of_changed_field(op: Any, migration: migrations.Migration, state: ProjectState) -> str:
    if not isinstance(op, migrations.AlterField):
        return ""
    model = state.models.get((migration.app_label, op.model_name_lower))
    old = model.fields.get(op.name) if model else None
    if old is not None and old.null and not op.field.null:
        return f"column {op.name}: required only after a CHECK that was added NOT VALID and validated"
    if old is not None and ((op.field.unique and not old.unique) or (op.field.db_index and not old.db_index)):
        return f"column {op.name}: an index made concurrently"
    return ""
