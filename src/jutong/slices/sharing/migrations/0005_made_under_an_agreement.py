from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sharing", "0004_service_desk_and_answer_templates")]

    operations = [
        migrations.AddField(
            model_name="sharingrequest",
            name="agreement",
            field=models.CharField(default="", max_length=40),
        ),
    ]
