"""Whose the entries behind the pulses are, and whether they are in force."""

from __future__ import annotations

from django.db import migrations

FILL = """
    update catalogue_pulse p
       set provider_id = e.provider_id, authority_id = e.authority_id, in_force = e.published_id is not null
      from catalogue_entry e
     where e.id = p.entry_id
"""


class Migration(migrations.Migration):
    """Fill the new columns from the entries."""

    dependencies = [("catalogue", "0015_census_and_supervision")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
