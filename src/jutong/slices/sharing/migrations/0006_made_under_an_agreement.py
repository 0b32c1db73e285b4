from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sharing", "0005_extensions_asked")]

    operations = [
        migrations.AddField(
            model_name="sharingrequest",
            name="agreement",
            field=models.CharField(default="", max_length=40),
        ),
    ]
