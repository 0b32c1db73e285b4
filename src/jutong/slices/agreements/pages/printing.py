"""An agreement as PDF and Word, and its joint document."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jutong.kernel import clock, faces, files, papers
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import downloads
from jutong.slices.agreements import formats, queries
from jutong.slices.agreements.pages.wording import asked_version, standing_in_words
from jutong.slices.standards import queries as standards


def _paper(request: HttpRequest, agreement_id: int) -> papers.Paper:
    seen = queries.agreement(agreement_id, faces.actor_of(request), clock.now(), version=asked_version(request))
    version = seen.shown
    proof = f"{reverse('agreement_proof', args=[agreement_id])}?version={version.number}"
    about = formats.Printed(
        number=seen.row.number,
        version=version.number,
        kind=seen.row.kind,
        standing=standing_in_words(version.standing, seen.row),
        digest=version.digest,
        address=request.build_absolute_uri(proof),
        at=version.in_force_at or version.drafted_at,
        purposes=standards.purposes_in_words,
        attested_by=version.attested_by,
    )
    signed = [formats.Signed(one.department, one.name, one.post_label, one.at) for one in version.signatures]
    return formats.paper(version.content, about, signed)


@require_safe
def printed(request: HttpRequest, agreement_id: int, kind: str) -> HttpResponseBase:
    """Hand over an agreement as PDF or Word, in the version asked for."""
    if kind not in {"pdf", "docx"}:
        raise NotThere(_("只能打印为 PDF 或 Word，请从页面上的按钮进行。"))
    paper = _paper(request, agreement_id)
    name = f"{paper.title}.{kind}"
    if kind == "pdf":
        return downloads.attachment([papers.pdf(paper)], name, papers.PDF)
    return downloads.attachment([papers.word(paper)], name, papers.WORD)


@require_safe
def joint(request: HttpRequest, agreement_id: int, version: int) -> HttpResponseBase:
    """Hand over the joint document of a version, as a file to be saved."""
    file = files.row(queries.joint_file(agreement_id, version, faces.actor_of(request)))
    return downloads.attachment(files.chunks(file.id), file.name, file.media_type)
