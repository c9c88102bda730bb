"""Search and sort names for all Latin letters of Europe, also where a name came as letters with combining marks."""

import django.db.models.functions.text
from django.db import migrations, models

LETTERS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜ"
    "ĝĞğĠġĢģĤĥĦħĨĩĪīĬĭĮįİıĲĳĴĵĶķĸĹĺĻļĽľĿŀŁłŃńŅņŇňŉŊŋŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶ"
    "ŷŸŹźŻżŽžſ"
)
PLAIN = (
    "aaaaaaaceeeeiiiidnoooooouuuuytaaaaaaaceeeeiiiidnoooooouuuuytyaaaaaaccccccccddddeeeeeeeeeeg"
    "ggggggghhhhiiiiiiiiiiĳĳjjkkkllllllŀŀllnnnnnnŉnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwy"
    "yyzzzzzzſ"
)
SORT_KEYS = (
    "aaaa{}{ceeeeiiiidnoooo||uuuyytaaaa{}{ceeeeiiiidnoooo||uuuyytyaaaaaaccccccccddddeeeeeeeeeeg"
    "ggggggghhhhiiiiiiiiiiĳĳjjkkkllllllŀŀllnnnnnnŉnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwy"
    "yyzzzzzzſ"
)


def names(replacements: str, output_field: models.Field) -> models.GeneratedField:
    normal = models.Func(models.F("name"), function="normalize")
    return models.GeneratedField(
        db_persist=True,
        expression=models.Func(
            django.db.models.functions.text.Replace(
                django.db.models.functions.text.Lower(normal), models.Value("ß"), models.Value("ss")
            ),
            models.Value(LETTERS),
            models.Value(replacements),
            function="translate",
        ),
        output_field=output_field,
    )


class Migration(migrations.Migration):
    """The expression of a generated column cannot be changed, so the columns and their index are made anew."""

    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AlterModelOptions(
            name="customer", options={"verbose_name": "kunde", "verbose_name_plural": "kunder"}
        ),
        migrations.RemoveIndex(model_name="customer", name="customer_by_name"),
        migrations.RemoveField(model_name="customer", name="sort_name"),
        migrations.RemoveField(model_name="customer", name="search_name"),
        migrations.AddField(
            model_name="customer",
            name="sort_name",
            field=names(SORT_KEYS, models.CharField(db_collation="C", max_length=400)),
        ),
        migrations.AddField(
            model_name="customer", name="search_name", field=names(PLAIN, models.CharField(max_length=400))
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["environment", "sort_name", "id"], name="customer_by_name"),
        ),
        migrations.AlterModelOptions(
            name="customer",
            options={"ordering": ["sort_name", "pk"], "verbose_name": "kunde", "verbose_name_plural": "kunder"},
        ),
    ]
