"""The database itself keeps the audit trail: no update, no delete, no truncate; a purge only after a signed export."""

from django.db import migrations

FORWARDS = """
create function jutong_audit_pending() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    insert into kernel_auditpending (entry_id) values (new.id);
    return null;
end $$;
create trigger audit_pending after insert on kernel_auditentry
    for each row execute function jutong_audit_pending();

create function jutong_audit_keep() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('jutong.purging', true) = 'on'
       and current_user = (select tableowner from pg_tables where schemaname = tg_table_schema and tablename = tg_table_name)
       and old.at < now() - interval '3 years' then
        return old;
    end if;
    raise exception 'the audit trail is append-only: % on % is refused', lower(tg_op), tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger audit_keep before update or delete on kernel_auditentry
    for each row execute function jutong_audit_keep();

create function jutong_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end $$;
create trigger audit_keep_all before truncate on kernel_auditentry
    for each statement execute function jutong_append_only();
create trigger seal_keep before update or delete on kernel_auditseal
    for each row execute function jutong_append_only();
create trigger seal_keep_all before truncate on kernel_auditseal
    for each statement execute function jutong_append_only();
create trigger segment_keep before update or delete on kernel_auditsegment
    for each row execute function jutong_append_only();
create trigger segment_keep_all before truncate on kernel_auditsegment
    for each statement execute function jutong_append_only();

create function jutong_audit_purge(purge_id bigint) returns bigint language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    purge kernel_auditpurge;
    removed bigint;
begin
    select * into strict purge from kernel_auditpurge where id = purge_id and done_at is null for update;
    if purge.older_than > now() - interval '3 years' or length(purge.signature) < 64 then
        raise exception 'entries younger than three years, or without a signed export, are kept'
            using errcode = 'insufficient_privilege';
    end if;
    if exists (select 1 from kernel_auditseal where number <= purge.upto_seal and sealed_at >= purge.older_than) then
        raise exception 'a seal up to % is younger than stated', purge.upto_seal using errcode = 'insufficient_privilege';
    end if;
    perform set_config('jutong.purging', 'on', true);
    delete from kernel_auditentry where id in
        (select unnest(entry_ids) from kernel_auditseal where number <= purge.upto_seal);
    get diagnostics removed = row_count;
    perform set_config('jutong.purging', 'off', true);
    update kernel_auditpurge set done_at = now() where id = purge_id;
    return removed;
end $$;
"""

BACKWARDS = """
drop function jutong_audit_purge(bigint);
drop trigger audit_pending on kernel_auditentry;
drop trigger audit_keep on kernel_auditentry;
drop trigger audit_keep_all on kernel_auditentry;
drop trigger seal_keep on kernel_auditseal;
drop trigger seal_keep_all on kernel_auditseal;
drop trigger segment_keep on kernel_auditsegment;
drop trigger segment_keep_all on kernel_auditsegment;
drop function jutong_audit_pending();
drop function jutong_audit_keep();
drop function jutong_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
