"""Verifying an electronic document, without an account: paste or scan the proof, give the file, see whether it is the one."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from jutong.kernel import clock, faces, papers
from jutong.kernel.errors import WrongState
from jutong.kernel.faces import client_address, downloads, limits
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.forms import Code, Form, Paragraph, Upload
from jutong.kernel.faces.pieces import Fact
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.settings import settings
from jutong.slices.grants import formats, queries

DIGEST: Final = 64
LONGEST_CODE: Final = 64 * 1024
LONGEST_RECORD: Final = 20_000


class ProofForm(Form):
    """The proof, and what it is said to belong to: a file, a record as JSON, or the file's SM3."""

    code = Paragraph(label=gettext_lazy("证明码"), max_length=LONGEST_CODE)
    file = Upload(
        label=gettext_lazy("数据文件（可不选）"), required=False, most_bytes=formats.MOST_BYTES,
        help_text=gettext_lazy("下载的批量文件，或接口返回的 JSON。"),
    )  # fmt: skip
    record = Paragraph(
        label=gettext_lazy("或粘贴一条记录（可不填）"), max_length=LONGEST_RECORD, required=False,
        help_text=gettext_lazy("接口返回的 JSON 原文。"),
    )  # fmt: skip
    digest = Code(
        label=gettext_lazy("或填写文件的 SM3（可不填）"), max_length=DIGEST, required=False,
        help_text=gettext_lazy("文件超过 32 MB 的，在本机计算 SM3 后填写。"),
    )  # fmt: skip

    def clean_digest(self) -> str:
        """Return the digest; refuse what cannot be one."""
        digest = str(self.cleaned_data["digest"]).lower()
        if digest and (len(digest) != DIGEST or set(digest) - set("0123456789abcdef")):
            raise ValidationError(_("SM3 摘要应为 64 位十六进制数，请核对。"))
        return digest

    def asked(self) -> dict[str, Any]:
        """Return the arguments of the question."""
        good = self.cleaned_data
        content = good["file"].read() if good["file"] else good["record"].encode() if good["record"] else None
        return {"content": content, "digest": good["digest"]}


class CoverForm(Form):
    """The proof alone."""

    code = Paragraph(label=gettext_lazy("证明码"), max_length=LONGEST_CODE)


def _let_in(request: HttpRequest) -> None:
    """Take no more from one address than sign-in does; TooMany beyond."""
    limits.check("proofs", client_address(request), most=settings().sign_in_rate_per_minute, at=clock.now())


@login_not_required
def verify(request: HttpRequest) -> HttpResponse:
    """Verify a proof."""
    form = ProofForm(faces.posted(request), posted_files(request))
    found = None
    if form.is_valid():
        _let_in(request)
        with faces.told(form):
            found = queries.proven(form.cleaned_data["code"], **form.asked())
    return faces.page(
        request,
        "grants/proofs.html",
        title=_("电子凭证核验"),
        lead=_("核验通过共享系统获取的文书、证照和合同：由谁提供、何时获取、是否被改动。"),
        form=form,
        found=found,
        facts=facts_of(found) if found else [],
        code=form.cleaned_data.get("code", "") if found else "",
    )


@login_not_required
@require_POST
def cover(request: HttpRequest) -> HttpResponseBase:
    """Hand over the cover sheet with its QR code, to be printed with the document. WrongState for a proof that is none."""
    form = CoverForm(faces.posted(request))
    if not form.is_valid():
        raise WrongState(_("没有证明码，请先核验再打印封面。"))
    _let_in(request)
    code = "".join(form.cleaned_data["code"].split())
    found = queries.proven(code)
    if not found.good:
        raise WrongState(_("证明不是本平台的节点签发的，不能打印封面。"))
    paper = formats.cover(
        title=found.title,
        facts=[(fact.label, str(fact.value)) for fact in facts_of(found)],
        effect=found.effect,
        code=code,
        address=settings().web_origin + reverse("grants_proofs"),
        at=found.at,
    )
    return downloads.attachment([papers.pdf(paper)], _("电子凭证来源证明.pdf"), papers.PDF)


def facts_of(found: queries.Proven) -> list[Fact]:
    """Return what a proof says, in words."""
    facts = [
        Fact(_("资源"), found.title),
        Fact(_("信息资源代码"), found.code),
        Fact(_("凭证类别"), found.kind),
        Fact(_("提供部门"), found.provider),
        Fact(_("获取部门"), found.consumer),
        Fact(_("授权"), found.grant),
        Fact(_("获取时间"), moment(found.at)),
        Fact(_("签发节点"), found.node),
        Fact(_("追踪编号"), found.trace),
        Fact(_("SM3 摘要"), "\n".join(found.digests)),
    ]
    return [fact for fact in facts if fact.value]
