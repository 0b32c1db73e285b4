"""Tables of referrals (W03): a type or grade that a department could not decide, and the departments consulted."""

from __future__ import annotations

from typing import Any

from django.db import models

from jutong.kernel.workflow import Case


class Referral(Case):
    """A department asks the city authority which sharing type or grade its data has (neijiang-2020#25).

    asked: what is unclear, of share_type and security_level. share_type, security_level, document, grounds: the decision.
    """

    entry = models.ForeignKey("catalogue.Entry", on_delete=models.PROTECT, related_name="referrals")
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    asked = models.JSONField(default=list)
    reason = models.TextField()
    share_type = models.CharField(max_length=16, default="")
    security_level = models.CharField(max_length=16, default="")
    document = models.CharField(max_length=100, default="")
    grounds = models.TextField(default="")
    decided_on = models.DateField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(state__in=["referred", "consulting"]),
                name="one_open_referral_an_entry",
            )
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"entry_id": self.entry_id, "provider_id": self.provider_id, "authority_id": self.authority_id}


class Consulted(models.Model):
    """A department that the authority asked about a referral, and its opinion once given."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="consulted", db_index=False)
    department = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    opinion = models.TextField(default="")
    given_by = models.CharField(max_length=100, default="")
    given_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["referral", "department"], name="one_consultation_a_department")]
