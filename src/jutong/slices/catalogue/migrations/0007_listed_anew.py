"""Write the search rows of all entries anew, with the marks of their facets, and learn the words of what is in force."""

from collections import Counter
from itertools import islice

from django.db import connection, migrations

from jutong.slices.catalogue.rules.content import from_json
from jutong.slices.catalogue.rules.listing import Whereabouts, search_row, vocabulary
from jutong.slices.catalogue.rules.spelling import LONGEST_WORD, spelling

SET = 500


def fill(apps, schema_editor):
    entry, item, version, word = (apps.get_model("catalogue", n) for n in ("Entry", "Item", "EntryVersion", "Word"))
    rows = entry.objects.select_related("class_node").order_by("pk").iterator(chunk_size=SET)
    learnt = Counter()
    while some := list(islice(rows, SET)):
        chosen = {e.pk: e.published_id or e.working_id for e in some}
        items = {}
        for key, detail in item.objects.filter(version__in=chosen.values()).values_list("version", "detail"):
            items.setdefault(key, []).append(detail)
        contents = dict(version.objects.filter(pk__in=chosen.values()).values_list("pk", "content"))
        listed = []
        for e in some:
            if chosen[e.pk] not in contents:  # it has no version, so nothing that could be found
                continue
            content = from_json({**contents[chosen[e.pk]], "items": items.get(chosen[e.pk], [])})
            listed.append((e.pk, *found_by(e, content)))
            if e.published_id:
                learnt.update(vocabulary(content))
        relist(listed)
    word.objects.bulk_create(
        [made(word, text, many) for text, many in learnt.items() if len(text) <= LONGEST_WORD], batch_size=1000
    )


def found_by(entry, content):
    code = entry.class_node.code if entry.class_node else ""
    where = Whereabouts(entry.provider_id, entry.provider_name, entry.region, code, entry.code or "")
    return code, search_row(content, where, 0)


def relist(rows):
    with connection.cursor() as cursor:
        cursor.execute(
            "update catalogue_listing l set class_code = given.code, search = given.search::tsvector"
            " from unnest(%s::bigint[], %s::text[], %s::text[]) as given(entry_id, code, search)"
            " where l.entry_id = given.entry_id",
            [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []],
        )


def made(word, text, many):
    s = spelling(text)
    return word(word=text, entries=many, pinyin=s.pinyin, initials=s.initials, sound=s.sound, grams=list(s.grams))


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0006_finding")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
