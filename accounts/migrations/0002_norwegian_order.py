import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="customer",
            options={"ordering": ["sort_name", "pk"], "verbose_name": "kunde", "verbose_name_plural": "kunder"},
        ),
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_by_name",
        ),
        migrations.AddField(
            model_name="customer",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    django.db.models.functions.text.Lower(models.F("name")),
                    models.Value("ÆØÅæøåÄÖÜäöüéèêáàâóòô"),
                    models.Value("{|}{|}{|y{|yeeeaaaooo"),
                    function="translate",
                ),
                output_field=models.CharField(db_collation="C", max_length=200),
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["environment", "sort_name", "id"], name="customer_by_name"),
        ),
    ]
