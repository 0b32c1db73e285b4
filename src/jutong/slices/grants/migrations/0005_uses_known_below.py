"""Tell the catalogue below of the grants there are: it hears of later ones by events."""

from django.db import migrations

KNOWN = """
    insert into catalogue_use (grant_id, entry_id, provider_id, consumer_id, since, ended_on, used_on)
    select id, resource_id, provider_id, consumer_id, (valid_from at time zone 'Asia/Shanghai')::date,
           case when state in ('granted', 'suspended') then null
                else (coalesce(ended_at, valid_until) at time zone 'Asia/Shanghai')::date end,
           (last_used_at at time zone 'Asia/Shanghai')::date
      from grants_grant
"""


class Migration(migrations.Migration):
    dependencies = [("grants", "0004_delivery"), ("catalogue", "0011_uses")]

    operations = [migrations.RunSQL(KNOWN, migrations.RunSQL.noop)]
