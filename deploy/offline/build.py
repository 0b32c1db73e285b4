"""Builds the offline bundle: our wheel, the locked wheels it runs with, their checksums and the script that installs them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "jutong-offline"


def build(target: Path) -> Path:
    """Make `target`/jutong-offline and the tar beside it; returns the tar. pip works as this machine is configured."""
    folder = target / NAME
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "wheels").mkdir(parents=True)
    lock = ROOT / "requirements" / "run.txt"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = ["--require-hashes", "--only-binary", ":all:", "--dest", str(folder / "wheels")]
    subprocess.run([*pip, "download", *wheels, "--requirement", str(lock)], check=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.copyfile(lock, folder / "requirements.txt")
    shutil.copy(ROOT / "deploy" / "offline" / "install.sh", folder / "install.sh")
    for part in ("systemd", "nginx"):
        shutil.copytree(ROOT / "deploy" / part, folder / "deploy" / part)
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    bundle = target / f"{NAME}.tar"
    with tarfile.open(bundle, "w") as archive:
        archive.add(folder, NAME)
    return bundle


if __name__ == "__main__":
    made = build(Path(sys.argv[1]))
    sys.stdout.write(f"{made}: {made.stat().st_size // 1024**2} MB\n")
