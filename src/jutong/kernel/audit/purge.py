"""The only deletion there is: export everything up to a seal, sign the export, then let the database purge it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.audit import export
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import AuditPurge, AuditSeal
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

AUDIT_ADMIN = Who("audit_admin", N_("审计管理员"), (Role.AUDIT_ADMIN,))


@action("audit.export", label=N_("导出审计记录"), allow=AUDIT_ADMIN | SYSTEM_ONLY)
def export_trail(*, by: Actor, at: datetime, path: Path) -> str:
    """Write the whole trail to a file and return its SM3 (R-SEC-007)."""
    digest = sm3.new()
    with path.open("xb") as file:
        for line in export.lines(at):
            digest.update(line)
            file.write(line)
    return digest.hexdigest()


@action("audit.purge", label=N_("清除审计记录"), allow=AUDIT_ADMIN)
def purge(*, by: Actor, at: datetime, older_than: datetime, export_digest: str) -> int:
    """Delete entries sealed before `older_than`, after their export; returns how many (R-SEC-008, national-2025#29).

    RuleBroken when the retention is not over or nothing is old enough. The statement is signed with the instance's key
    in the audit administrator's name; the chain goes on from the last purged seal.
    """
    years = settings().audit_retention_years
    if older_than > at.replace(year=at.year - years):
        raise RuleBroken(_("审计记录须保存至少 %d 年，截止时间过近，请改为更早的日期。") % years, field="older_than")
    last = AuditSeal.objects.filter(sealed_at__lt=older_than).order_by("-number").first()
    if last is None:
        raise RuleBroken(_("该日期之前没有已封存的审计记录，无需清除。"), field="older_than")
    statement = f"purge|{last.number}|{older_than.isoformat()}|{export_digest}|{by.account_id}|{at.isoformat()}"
    signer = keys.instance()
    row = AuditPurge.objects.create(
        upto_seal=last.number,
        older_than=older_than,
        export_digest=export_digest,
        statement=statement,
        signature=signer.sign(statement.encode()),
        public=signer.public.hex(),
        by_account=by.account_id or 0,
        at=at,
    )
    with connection.cursor() as cursor:
        cursor.execute("select jutong_audit_purge(%s)", [row.pk])
        return int(cursor.fetchone()[0])
