"""Clocks know from which day they count since their last pause, so that a new calendar takes nothing of it back."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kernel", "0008_clocks_by_department")]
    operations: ClassVar = [
        migrations.AddField("clock", "resumed_on", models.DateField(null=True)),
        migrations.AddField("clock", "resumed_days", models.IntegerField(null=True)),
    ]
