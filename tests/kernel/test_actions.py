"""Writes that are no transition: permission, lock, audit of success and refusal, nothing half done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jutong.kernel.actions import action, actions
from jutong.kernel.actors import ANYONE, Actor, Post, Role, Who
from jutong.kernel.errors import Conflict, NotAllowed, NotThere
from jutong.kernel.models import AuditEntry, Progress, StoredFile

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
CLERK = Actor(1, "张三", 2, "市民政局", "511000", frozenset({Post(Role.CLERK, 2)}))
NOBODY = Actor(None, "", None, "", "")
OWNERS = Who("owner", "所属部门经办人", (Role.CLERK,), of="department_id")


@action("tests.rename", allow=OWNERS, on=StoredFile)
def rename(file: StoredFile, *, by: Actor, at: datetime, name: str) -> None:
    """Rename a file."""
    file.name = name
    file.save()
    if name == "冲突":
        raise Conflict("已有同名文件，请换一个名称。")


@action("tests.outer", allow=ANYONE)
def outer(file_id: int, *, by: Actor, at: datetime, name: str) -> int:
    """Call another action."""
    Progress.objects.create(task="t", title="外层", at=at)
    rename(file_id, by=by, at=at, name=name)
    return file_id


@pytest.fixture
def file(db: None) -> StoredFile:
    return StoredFile.objects.create(
        digest="0" * 64, size=1, media_type="text/plain", name="旧名", department_id=2, at=NOW
    )


def trail() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", "outcome", "code"))


def test_a_success_is_audited_with_digests_before_and_after(file: StoredFile) -> None:
    rename(file, by=CLERK, at=NOW, name="新名")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.outcome, entry.subject_kind, entry.subject_id) == (
        "tests.rename",
        "success",
        "kernel.storedfile",
        str(file.pk),
    )
    assert entry.before != entry.after


def test_what_a_refusal_did_is_undone_and_the_refusal_is_kept(file: StoredFile) -> None:
    with pytest.raises(Conflict):
        rename(file.pk, by=CLERK, at=NOW, name="冲突")
    file.refresh_from_db()
    assert file.name == "旧名"
    assert trail() == [("tests.rename", "refused", "conflict")]


def test_an_inner_refusal_undoes_the_outer_deed_and_is_audited_once(file: StoredFile) -> None:
    with pytest.raises(Conflict):
        outer(file.pk, by=CLERK, at=NOW, name="冲突")
    assert not Progress.objects.exists()
    assert trail() == [("tests.outer", "refused", "conflict")]


def test_both_deeds_are_audited_when_both_are_done(file: StoredFile) -> None:
    outer(file.pk, by=CLERK, at=NOW, name="新名")
    assert trail() == [("tests.rename", "success", ""), ("tests.outer", "success", "")]


def test_the_wrong_department_and_an_unknown_row_are_refused(file: StoredFile) -> None:
    stranger = Actor(9, "外人", 7, "外部门", "511000", frozenset({Post(Role.CLERK, 7)}))
    with pytest.raises(NotAllowed):
        rename(file, by=stranger, at=NOW, name="x")
    with pytest.raises(NotThere):
        rename(999_999, by=CLERK, at=NOW, name="x")
    with pytest.raises(NotAllowed):
        outer(file.pk, by=NOBODY, at=NOW, name="x")
    assert [code for _verb, _outcome, code in trail()] == ["forbidden", "not_found", "forbidden"]


def test_every_action_says_who_may_and_what_it_does() -> None:
    for name, face in actions().items():
        assert face.says, name
        assert face.allow.label, name
