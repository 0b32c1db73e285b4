"""What Django's registry knows: keys across slices point downwards, and every slice with tables is installed."""

from __future__ import annotations

import re
import tomllib

from django.apps import apps

import checkout

STORAGE = {"contenttypes", "auth", "sessions", "procrastinate"}


def staircase() -> list[str]:
    """Return the labels from the lowest to the highest: kernel first, then the slices of the contract upwards."""
    with (checkout.ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (stairs,) = [contract["layers"] for contract in contracts if contract["name"].startswith("Staircase")]
    return ["kernel", *(layer.strip("()") for layer in reversed(stairs))]


def test_keys_across_slices_point_downwards() -> None:
    """That they are strings follows from the imports: no slice may import the models of another."""
    heights = {label: height for height, label in enumerate(staircase())}
    upwards = []
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or field.related_model is None:
                continue
            here, there = model._meta.app_label, field.related_model._meta.app_label
            if here in heights and there not in STORAGE and heights[there] > heights[here]:
                upwards.append(f"{model._meta.label}.{field.name} points up to {there}")
    assert not upwards, "\n".join(upwards)


def test_every_slice_with_tables_is_installed() -> None:
    labels = {config.label for config in apps.get_app_configs()}
    missing = [
        name for name in checkout.slice_names() if (checkout.SLICES / name / "apps.py").exists() and name not in labels
    ]
    assert not missing, "\n".join(missing)


def test_every_action_has_a_name_that_people_read() -> None:
    """The audit's pages name what was done in words: `@action("slice.verb", label=N_("……"), …)`."""
    import jutong.site.urls  # noqa: F401 - what only a page does is declared once the pages are loaded
    from jutong.kernel.actions import actions

    ours = {name: face for name, face in actions().items() if not name.startswith("tests.")}
    assert len(ours) > 60
    nameless = sorted(name for name, face in ours.items() if not re.search("[\u4e00-\u9fff]", face.label))
    assert not nameless, f"actions without label=N_(…): {nameless}"
