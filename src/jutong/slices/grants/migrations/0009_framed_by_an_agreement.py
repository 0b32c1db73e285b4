from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grants", "0008_held_by_a_case")]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="framed_by",
            field=models.CharField(db_index=True, default="", max_length=64),
        ),
    ]
