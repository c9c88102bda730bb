from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_substitutes_take_two"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="alarm",
            name="one_alarm_a_day",
        ),
    ]
