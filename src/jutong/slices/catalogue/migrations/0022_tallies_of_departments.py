"""Counts by department beside pulses and hand-ins, kept by triggers as the tallies of what is in force are."""

from django.db import migrations, models

EVER = "date '0001-01-01'"
# 180 days unused and less than 50 percent are `rules.liveliness`' UNUSED_AFTER and THIN_BELOW
FALLS_DUE = "case when not r.mounted then r.due_on + 1 end"
STAYS_EMPTY = "case when not r.mounted and r.refreshed_on is null and r.lost_on is null then r.due_on + 1 end"
GOES_UNUSED = "case when r.granted_at is null then r.since + 181 end"
FIGURES = f"""
    ('entries', {EVER}, 1), ('completeness', {EVER}, r.completeness), ('with_cycle', {EVER}, (r.due_on is not null)::int),
    ('granted', {EVER}, (r.granted_at is not null)::int), ('source_gone', {EVER}, (r.lost_on is not null)::int),
    ('no_resource', {EVER}, (not r.mounted)::int), ('thin', {EVER}, (r.completeness < 50)::int),
    ('stale', {FALLS_DUE}, 1), ('never_refreshed', {STAYS_EMPTY}, 1), ('unused', {GOES_UNUSED}, 1),
    ('zombie', least({STAYS_EMPTY}, {GOES_UNUSED}, case when r.lost_on is not null then {EVER} end), 1)
"""
PULSES = f"""
    insert into catalogue_pulsetally (provider_id, authority_id, figure, day, amount)
    select r.provider_id, r.authority_id, f.figure, f.day, sum(r.sign * f.amount)
      from (%s) r cross join lateral (values {FIGURES}) as f(figure, day, amount)
     where r.in_force and r.provider_id is not null and f.day is not null
     group by 1, 2, 3, 4 having sum(r.sign * f.amount) <> 0;
"""
TURNS = """
    insert into catalogue_turntally (provider_id, authority_id, month, outcome, days, amount)
    select r.provider_id, r.authority_id, date_trunc('month', r.submitted_at at time zone 'Asia/Shanghai')::date,
           r.outcome, r.days, sum(r.sign)
      from (%s) r group by 1, 2, 3, 4, 5 having sum(r.sign) <> 0;
"""


def counting(statement, table, name, event, sources):
    """Return the function and the trigger that count the rows of a statement, each source with its sign."""
    rows = " union all ".join(f"select *, {sign} as sign from {source}" for source, sign in sources)
    tables = " ".join(f"{'old' if sign < 0 else 'new'} table as {source}" for source, sign in sources)
    return f"""
create function {name}_{event}() returns trigger language plpgsql as $$
begin
    {statement % rows}
    return null;
end $$;
create trigger {name}_{event} after {event} on {table} referencing {tables}
    for each statement execute function {name}_{event}();
"""


KEPT = (("pulse_tally", "catalogue_pulse", PULSES), ("turn_tally", "catalogue_reviewturn", TURNS))
EVENTS = {"insert": [("added", 1)], "delete": [("removed", -1)], "update": [("removed", -1), ("added", 1)]}
TRIGGERS = "".join(
    counting(statement, table, name, event, sources)
    for name, table, statement in KEPT
    for event, sources in EVENTS.items()
)
NO_TRIGGERS = "".join(
    f"drop trigger {name}_{event} on {table}; drop function {name}_{event}();"
    for name, table, _s in KEPT
    for event in EVENTS
)
PULSES_COUNTED, TURNS_COUNTED = (statement % f"select *, 1 as sign from {table}" for _n, table, statement in KEPT)


class Migration(migrations.Migration):
    """Make the tallies, count what is there, and keep them from then on."""

    dependencies = [("catalogue", "0021_shelves_of_words")]
    operations = [
        migrations.CreateModel(
            name="PulseTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider_id", models.BigIntegerField()),
                ("authority_id", models.BigIntegerField(null=True)),
                ("figure", models.CharField(max_length=16)),
                ("day", models.DateField()),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["authority_id", "day"], name="pulse_tally_authority"),
                    models.Index(fields=["provider_id", "day"], name="pulse_tally_provider"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TurnTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider_id", models.BigIntegerField()),
                ("authority_id", models.BigIntegerField(null=True)),
                ("month", models.DateField()),
                ("outcome", models.CharField(max_length=12)),
                ("days", models.IntegerField(null=True)),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["authority_id", "month"], name="turn_tally_authority"),
                    models.Index(fields=["provider_id", "month"], name="turn_tally_provider"),
                ],
            },
        ),
        migrations.RunSQL(PULSES_COUNTED + TURNS_COUNTED, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
