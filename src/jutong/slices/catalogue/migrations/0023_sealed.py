"""What was taken out is sealed; the inner zone is that of the classified catalogue alone."""

from django.db import migrations


class Migration(migrations.Migration):
    """Only taken out entries were of the zone `inner` so far."""

    dependencies = [("catalogue", "0022_tallies_of_departments")]
    operations = [
        migrations.RunSQL("update catalogue_entry set zone = 'sealed' where zone = 'inner'", migrations.RunSQL.noop)
    ]
