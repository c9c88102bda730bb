from django.db import migrations


class Migration(migrations.Migration):
    unused_since = "0.2.0"
    dependencies = [
        ("accounts", "0004_everybody_keeps_what_they_had"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="user",
            name="groups",
        ),
        migrations.RemoveField(
            model_name="user",
            name="is_staff",
        ),
        migrations.RemoveField(
            model_name="user",
            name="is_superuser",
        ),
        migrations.RemoveField(
            model_name="user",
            name="role",
        ),
        migrations.RemoveField(
            model_name="user",
            name="user_permissions",
        ),
    ]
