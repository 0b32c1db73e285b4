"""The first shelf of words is cut in three: what very many entries have is found on a quarter of it."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression
from django.db.models.lookups import Exact

NEW = ((127, 0), (127, 64), (63, 32))


def shelf(number: int, mask: int, place: int) -> GinIndex:
    """Return the index of the entries whose ids leave `place` under `mask`."""
    condition = models.Q(Exact(CombinedExpression(models.F("entry_id"), "&", models.Value(mask)), place))
    return GinIndex(fields=["search"], name=f"listing_words_{number}", gin_pending_list_limit=1024, condition=condition)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0024_entries_by_type")]

    operations = [
        migrations.RemoveIndex(model_name="listing", name="listing_words_0"),
        *(
            migrations.RenameIndex(
                model_name="listing", old_name=f"listing_words_{number}", new_name=f"listing_words_{number + 2}"
            )
            for number in range(5, 0, -1)
        ),
        *(
            migrations.AddIndex(model_name="listing", index=shelf(number, mask, place))
            for number, (mask, place) in enumerate(NEW)
        ),
    ]
