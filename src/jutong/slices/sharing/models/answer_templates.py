"""Answers that a provider gives again and again, by name (答复范本)."""

from __future__ import annotations

from django.db import models


class AnswerTemplate(models.Model):
    """A named template of a department.

    kind: agree, refuse or supplement (`rules.answer_templates.TemplateKind`). words: {"scope", "remarks"}, {"reason", "basis"} or
    """

    department = models.ForeignKey("parties.Department", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=100)
    words = models.JSONField(default=dict)
    changed_by = models.CharField(max_length=100)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "name"], name="one_answer_template_a_name")]
