"""The inbox goes over to the columns of `Leased`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0001_initial")]
    operations = [
        migrations.RemoveIndex(model_name="pollcursor", name="cursor_due"),
        migrations.RenameField(model_name="pollcursor", old_name="due_at", new_name="next_attempt_at"),
        migrations.RenameField(model_name="eventsubscription", old_name="refused_code", new_name="problem_code"),
        migrations.RemoveConstraint(
            model_name="receivedevent",
            name="one_row_per_event",
        ),
        migrations.AddField(
            model_name="dialog",
            name="failures",
            field=models.PositiveIntegerField(default=0, verbose_name="feil på rad"),
        ),
        migrations.AddField(
            model_name="dialog",
            name="lease_until",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="i arbeid til"),
        ),
        migrations.AddField(
            model_name="dialog",
            name="problem_code",
            field=models.CharField(blank=True, max_length=50, verbose_name="feilkode"),
        ),
        migrations.AddField(
            model_name="eventsubscription",
            name="attempts",
            field=models.PositiveIntegerField(default=0, verbose_name="forsøk"),
        ),
        migrations.AddField(
            model_name="eventsubscription",
            name="failures",
            field=models.PositiveIntegerField(default=0, verbose_name="feil på rad"),
        ),
        migrations.AddField(
            model_name="eventsubscription",
            name="lease_until",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="i arbeid til"),
        ),
        migrations.AddField(
            model_name="eventsubscription",
            name="next_attempt_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="neste forsøk"),
        ),
        migrations.AddField(
            model_name="pollcursor",
            name="attempts",
            field=models.PositiveIntegerField(default=0, verbose_name="forsøk"),
        ),
        migrations.AlterField(
            model_name="dialog",
            name="next_attempt_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="neste forsøk"),
        ),
        migrations.AlterField(
            model_name="eventsubscription",
            name="problem_code",
            field=models.CharField(blank=True, max_length=50, verbose_name="feilkode"),
        ),
        migrations.AlterField(
            model_name="pollcursor",
            name="lease_until",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="i arbeid til"),
        ),
        migrations.AlterField(
            model_name="pollcursor",
            name="next_attempt_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="neste forsøk"),
        ),
        migrations.AddIndex(
            model_name="dialog",
            index=models.Index(
                condition=models.Q(("problem_code", ""), _negated=True),
                fields=["environment", "-content_updated_at", "-id"],
                name="dialog_with_problem",
            ),
        ),
        migrations.AddIndex(
            model_name="eventsubscription",
            index=models.Index(
                condition=models.Q(("next_attempt_at__isnull", False)),
                fields=["next_attempt_at"],
                name="subscription_due",
            ),
        ),
        migrations.AddIndex(
            model_name="eventsubscription",
            index=models.Index(
                condition=models.Q(("problem_code", ""), _negated=True),
                fields=["problem_code"],
                name="subscription_with_problem",
            ),
        ),
        migrations.AddIndex(
            model_name="pollcursor",
            index=models.Index(fields=["next_attempt_at"], name="cursor_due"),
        ),
        migrations.AddIndex(
            model_name="pollcursor",
            index=models.Index(
                condition=models.Q(("problem_code", ""), _negated=True),
                fields=["problem_code"],
                name="cursor_with_problem",
            ),
        ),
        migrations.AddConstraint(
            model_name="eventsubscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("next_attempt_at__isnull", False), ("validated_at__isnull", False), _connector="OR"
                ),
                name="subscription_is_confirmed_or_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="pollcursor",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_attempt_at__isnull", False)), name="cursor_has_next_round"
            ),
        ),
        migrations.AddConstraint(
            model_name="receivedevent",
            constraint=models.UniqueConstraint(fields=("subscription", "source", "event_id"), name="one_row_per_event"),
        ),
    ]
