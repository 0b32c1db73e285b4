from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_ledger_and_disposals")]

    operations = [
        migrations.AddField(
            model_name="aggregationreview",
            name="holding",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="aggregationreview",
            name="admitted",
            field=models.JSONField(default=dict),
        ),
    ]
