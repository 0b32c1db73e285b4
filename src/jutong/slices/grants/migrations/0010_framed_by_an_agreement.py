from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grants", "0009_services_change")]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="framed_by",
            field=models.CharField(db_index=True, default="", max_length=64),
        ),
    ]
