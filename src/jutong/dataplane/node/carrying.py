"""One-way gaps (网闸、光盘): the same signed parcels and receipts as files in a folder, out of one node and into another."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from jutong.dataplane.errors import Refusal, RuleBroken
from jutong.dataplane.node.boxes import ID, Boxes, write
from jutong.dataplane.node.parcels import Parcels
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import ParcelManifest


@dataclass(frozen=True, slots=True)
class Carried:
    """What an import came to. landed: new here; known: landed before; cleared: own parcels whose receipts came.

    refused: (parcel, sentence). missing: by sender, numbers of parcels that should have come before these.
    """

    landed: tuple[str, ...]
    known: tuple[str, ...]
    cleared: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    missing: dict[str, tuple[int, ...]]


def export(boxes: Boxes, into: Path) -> tuple[int, int]:
    """Copy every waiting parcel, and the receipts of what landed here, into a folder; returns how many of each.

    The queue stays as it is until a receipt comes back, by whichever way; exporting twice does no harm.
    """
    for name in ("parcels", "receipts"):
        (into / name).mkdir(parents=True, exist_ok=True)
    parcels = 0
    for parcel in boxes.queue():
        shutil.copyfile(boxes.body("out", parcel), into / "parcels" / f"{parcel}.body")
        write(into / "parcels" / f"{parcel}.slip", boxes.slip("out", parcel).read_bytes())
        parcels += 1
    receipts = 0
    for path in sorted((boxes.root / "inbox").glob("*/.manifests/*.json")):
        kept = msgspec.json.decode(path.read_bytes(), type=ParcelManifest)
        write(into / "receipts" / f"{path.stem}.receipt", msgspec.json.encode(kept.receipt))
        receipts += 1
    return parcels, receipts


def take_in(parcels: Parcels, out_of: Path) -> Carried:
    """Land the parcels of a folder and take its receipts; what was done before changes nothing.

    RuleBroken for a folder that is no export.
    """
    if not (out_of / "parcels").is_dir() and not (out_of / "receipts").is_dir():
        raise RuleBroken(f"{out_of} 不是前置机导出的目录，请核对路径。")
    landed: list[str] = []
    known: list[str] = []
    cleared: list[str] = []
    refused: list[tuple[str, str]] = []
    newest: dict[str, int] = {}
    for path in sorted((out_of / "parcels").glob("*.slip")):
        try:
            envelope = msgspec.json.decode(path.read_bytes(), type=Envelope)
            slip = parcels.checked(envelope)
            newest[slip.sender] = max(newest.get(slip.sender, 0), slip.number)
            (known if parcels.landed(slip) else landed).append(slip.id)
            parcels.land(envelope, slip, path.with_suffix(".body"))
        except (Refusal, ValueError, RecursionError, OSError) as error:
            landed = [one for one in landed if one != path.stem]
            refused.append((path.stem, str(error)))
    for path in sorted((out_of / "receipts").glob("*.receipt")):
        waits = ID.fullmatch(path.stem) and parcels.boxes.slip("out", path.stem).exists()
        if waits and parcels.take_receipt(path.stem, path.read_bytes()):
            cleared.append(path.stem)
    missing = {sender: tuple(gaps) for sender, most in newest.items() if (gaps := parcels.missing(sender, until=most))}
    return Carried(tuple(landed), tuple(known), tuple(cleared), tuple(refused), missing)
