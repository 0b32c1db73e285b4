"""Nothing is purged that no package holds: written, signed, read back, and proof against a restart in between."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from covers import covers
from jutong.cli.archive import archive as command
from jutong.crypto import sm2
from jutong.kernel import archive, keys, retention
from jutong.kernel.models import ArchivePackage, AuditEntry
from jutong.kernel.settings import settings
from jutong.slices.grants.models import Grant
from jutong.slices.usage import actions
from jutong.slices.usage.models import UseRecord
from misuse_world import granted
from usage_world import accepted, destroyed, finished, instructed, moment, record
from world import World

OVER = moment("2029-05-02", 1)


@pytest.fixture
def due(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseRecord:
    """A record with a destroyed copy and its proof, whose three years are over on the 2nd of May 2029."""
    monkeypatch.setattr(settings(), "archive_folder", tmp_path / "archive")
    world.at = moment("2026-02-02")
    grant = Grant.objects.get(pk=granted(world))
    world.drain(world.at)
    actions.add_copy(record(grant), by=world.actor("hr.clerk"), at=world.at, title="备份盘", storage="机要室")
    finished(world, grant, moment("2026-03-01"))
    instructed(world, grant, moment("2026-03-01"), due_on=date(2026, 4, 30))
    destroyed(world, grant, moment("2026-04-30"))
    accepted(world, grant, moment("2026-05-01"))
    return record(grant)


@covers(partly=["R-SEC-034", "R-SHR-055"])
def test_what_is_over_goes_out_as_a_signed_package_that_anyone_can_check_and_only_then_goes(due: UseRecord) -> None:
    retention.forget(OVER)
    row = ArchivePackage.objects.get()
    path = archive.folder() / row.name
    assert (row.state, row.record_ids, row.number[:12]) == ("verified", [due.pk], "DA-20290502-")
    assert UseRecord.objects.get(pk=due.pk).state == "purged"
    assert AuditEntry.objects.filter(verb="archive.register_package", subject_id=str(row.pk)).exists()
    with zipfile.ZipFile(path) as package:
        (line,) = package.read("records.jsonl").splitlines()
        said = orjson.loads(line)
        assert [copy["title"] for copy in said["copies"]] == ["备份盘"]
        assert package.read(said["files"][0])
        page = package.read("index.html").decode()
    assert row.number in page
    assert "使用记录" in page
    public = keys.instance().public.hex()
    assert archive.verify(path, public) == []
    assert archive.verify(path, sm2.generate().public.hex()) != []
    tampered = path.with_suffix(".changed")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tampered, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, body.replace("备份盘".encode(), "备份带".encode()) if name == "records.jsonl" else body)
    answer = CliRunner().invoke(command, ["verify", str(tampered), "--public", public])
    assert answer.exit_code == 1
    assert archive.standing(OVER).waiting == 0


def test_what_cannot_be_written_is_not_purged_and_an_interrupted_purge_goes_on_with_the_same_package(
    due: UseRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = archive.folder()
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("in the way")
    retention.forget(OVER)
    assert UseRecord.objects.get(pk=due.pk).state == "final"
    assert archive.standing(OVER).waiting == 1
    assert not ArchivePackage.objects.exists()
    blocked.unlink()
    holding = archive._HOLDINGS["use_record"]
    assert archive._write(holding, [due.pk], OVER)  # and the process ends here
    ArchivePackage.objects.create(kind="use_record", name="left.zip", at=moment("2029-05-01"))
    (archive.folder() / "left.zip.part").write_bytes(b"half")
    retention.forget(OVER)
    assert UseRecord.objects.get(pk=due.pk).state == "purged"
    assert [one.name for one in archive.folder().iterdir()] == [ArchivePackage.objects.get().name]


def test_a_package_that_was_touched_or_a_record_that_changed_since_purges_nothing(due: UseRecord) -> None:
    holding = archive._HOLDINGS["use_record"]
    package = archive._write(holding, [due.pk], OVER)
    assert package is not None
    UseRecord.objects.filter(pk=due.pk).update(resource_title="后来改过")
    assert archive._purge(holding, package, [due.pk], OVER) == 0
    UseRecord.objects.filter(pk=due.pk).update(resource_title=due.resource_title)
    path = archive.folder() / package.name
    path.write_bytes(path.read_bytes() + b"x")
    assert archive._purge(holding, package, [due.pk], OVER) == 0
    assert UseRecord.objects.get(pk=due.pk).state == "final"
