"""One source of an item (一数一源): claims met at submission and publication, the register kept with what is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.slices.catalogue.models import Entry, ItemSource
from jutong.slices.catalogue.queries.keys import keys_of
from jutong.slices.catalogue.queries.sources import sources_of, where
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.workflow import has_one_source

Pairs = Sequence[tuple[Entry, Content]]


def refuse_claims(case: Entry, content: Content, *, at: datetime) -> None:
    """Refuse an entry that claims what is another department's (Conflict), or refers to what is not there (RuleBroken)."""
    if sentence := _unnamed(case, content, at):
        raise RuleBroken(sentence, field="items")
    if clashes := claims_met([(case, content)], at=at):
        raise Conflict(clashes[case.pk])


def claims_met(pairs: Pairs, *, at: datetime) -> dict[int, str]:
    """Say of each entry which of its items another department provides with authority, and what can be done (R-CAT-046).

    Of two entries of one set that claim the same, the second is told. Profiles without one source ask for nothing.
    """
    own = {
        case.pk: names
        for case, content in pairs
        if has_one_source(case.policy) and (names := [item.name for item in content.items if item.source == "own"])
    }
    claiming = [case for case, _content in pairs if case.pk in own]
    keys = keys_of(name for names in own.values() for name in names) if own else {}
    known = {
        region: sources_of(region, {name for case in claiming if case.region == region for name in own[case.pk]}, at=at)
        for region in {case.region for case in claiming}
    }
    found: dict[int, str] = {}
    taken: dict[tuple[str, str], Entry] = {}
    for case in claiming:
        here = ((name, known[case.region].get(name)) for name in own[case.pk])
        said = [
            _clash(name, source.provider_name, where(source))
            for name, source in here
            if source and source.provider_id != case.provider_id
        ]
        for name in own[case.pk]:
            other = taken.setdefault((case.region, keys[name]), case)
            if other.provider_id != case.provider_id:
                said.append(_clash(name, other.provider_name, _("《%s》，同批提交") % other.title))
        if said:
            found[case.pk] = "；".join(said) + _("。请改为引用该目录，或提请主管部门裁定。")
    return found


def _clash(item: str, department: str, place: str) -> str:
    words = {"item": item, "department": department, "where": place}
    return _("信息项“%(item)s”的权威来源是%(department)s（%(where)s）") % words


def _unnamed(case: Entry, content: Content, at: datetime) -> str:
    """Say which references lead nowhere: neither by their code, nor by the register of sources; empty when all do."""
    wanted = {item.name: item.refers for item in content.items if item.source == "reference"}
    codes = set(
        Entry.objects.filter(code__in=set(wanted.values()), published__isnull=False)
        .exclude(provider=case.provider_id)
        .values_list("code", flat=True)
    )
    lost = [name for name, code in wanted.items() if code not in codes]
    known = sources_of(case.region, lost, at=at) if lost else {}
    lost = [name for name in lost if name not in known or known[name].provider_id == case.provider_id]
    if not lost:
        return ""
    return _("信息项“%s”标为引用，须填写其他部门已发布目录的代码。") % "”“".join(lost[:10])


def unready(pairs: Pairs, *, at: datetime) -> Mapping[int, str]:
    """Say of each entry of a set what its items lack against the register, as `refuse_claims` does of one."""
    lost = {case.pk: sentence for case, content in pairs if (sentence := _unnamed(case, content, at))}
    return claims_met(pairs, at=at) | lost


def note_claims(pairs: Pairs, *, at: datetime) -> None:
    """Keep the register with entries that were just published: claims begin, claims given up end."""
    today = beijing_day(at)
    for case, content in pairs:
        keys = keys_of([item.name for item in content.items])
        _fill(case, keys.values())
        own = {keys[item.name]: item.name for item in content.items if item.source == "own"}
        held = ItemSource.objects.filter(entry=case, until=None)
        held.filter(ground="published").exclude(key__in=own).update(until=today)
        known = set(
            ItemSource.objects.filter(region=case.region, until=None, key__in=own).values_list("key", flat=True)
        )
        ItemSource.objects.bulk_create(
            ItemSource(
                region=case.region, key=key, name=name, provider_id=case.provider_id, entry=case, ground="published",
                since=today,
            )
            for key, name in own.items()
            if key and key not in known and has_one_source(case.policy)
        )  # fmt: skip


def _fill(case: Entry, keys: Iterable[str]) -> None:
    """Name the entry as the place of items that its department is the source of and has published nowhere yet."""
    waiting = ItemSource.objects.filter(region=case.region, provider=case.provider_id, until=None)
    waiting.filter(Q(entry=None) | Q(entry__published=None), key__in=set(keys)).update(entry=case)


def end_claims(entries: Iterable[int], *, at: datetime) -> None:
    """End the claims of entries that were withdrawn; a designated department stays the source, without a place."""
    held = ItemSource.objects.filter(entry__in=list(entries), until=None)
    held.filter(ground="published").update(until=beijing_day(at))
    held.update(entry=None)
