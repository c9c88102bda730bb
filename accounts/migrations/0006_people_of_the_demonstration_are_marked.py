from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_roles_of_users_go"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_demonstration",
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name="demonstrasjon"),
        ),
    ]
