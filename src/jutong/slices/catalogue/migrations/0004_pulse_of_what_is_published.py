"""Give the entries that are published already their pulse."""

from itertools import islice

from django.db import migrations

from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.rules.content import from_json
from jutong.slices.catalogue.rules.liveliness import completeness

# what stands behind an entry is known above; without due_on nobody is reminded of what was never asked for before
MOUNTED = """
do $$ begin
  if to_regclass('datacentre_mount') is not null then
    update catalogue_pulse set mounted = true
     where entry_id in (select entry_id from datacentre_mount where active);
  end if;
end $$
"""


def fill(apps, schema_editor):
    entry, item, pulse = (apps.get_model("catalogue", name) for name in ("Entry", "Item", "Pulse"))
    published = entry.objects.filter(published__isnull=False).select_related("published").iterator(chunk_size=500)
    while some := list(islice(published, 500)):
        items = {}
        for version, detail in item.objects.filter(version__in=[e.published_id for e in some]).values_list(
            "version", "detail"
        ):
            items.setdefault(version, []).append(detail)
        pulse.objects.bulk_create(_pulse(pulse, e, items.get(e.published_id, [])) for e in some)


def _pulse(pulse, entry, items):
    content = from_json({**entry.published.content, "items": items})
    return pulse(
        entry=entry,
        since=beijing_day(entry.changed_at),
        completeness=completeness(content),
        cycle=content.update_cycle,
        refreshed_on=content.updated_on,
    )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_pulse")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(MOUNTED, migrations.RunSQL.noop),
    ]
