"""Rate counts may be lost with a crash: no write-ahead log for them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_audit_protection")]
    operations = [
        migrations.RunSQL("alter table kernel_ratecount set unlogged", "alter table kernel_ratecount set logged"),
    ]
