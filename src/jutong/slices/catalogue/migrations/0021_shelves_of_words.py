"""The index of words stands on shelves, and the newest of all states stand in one index."""

import django.contrib.postgres.indexes
import django.db.models.expressions
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0020_grading"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="listing",
            name="listing_words",
        ),
        migrations.RemoveIndex(
            model_name="listing",
            name="listing_newest",
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.expressions.CombinedExpression(models.F("entry_id"), "&", models.Value(31)), 0
                    )
                ),
                fields=["search"],
                gin_pending_list_limit=1024,
                name="listing_words_0",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.expressions.CombinedExpression(models.F("entry_id"), "&", models.Value(31)), 16
                    )
                ),
                fields=["search"],
                gin_pending_list_limit=1024,
                name="listing_words_1",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.expressions.CombinedExpression(models.F("entry_id"), "&", models.Value(15)), 8
                    )
                ),
                fields=["search"],
                gin_pending_list_limit=1024,
                name="listing_words_2",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.expressions.CombinedExpression(models.F("entry_id"), "&", models.Value(7)), 4
                    )
                ),
                fields=["search"],
                gin_pending_list_limit=1024,
                name="listing_words_3",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.expressions.CombinedExpression(models.F("entry_id"), "&", models.Value(3)), 2
                    )
                ),
                fields=["search"],
                gin_pending_list_limit=1024,
                name="listing_words_4",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.expressions.CombinedExpression(models.F("entry_id"), "&", models.Value(1)), 1
                    )
                ),
                fields=["search"],
                gin_pending_list_limit=1024,
                name="listing_words_5",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                models.OrderBy(models.F("released_on"), descending=True, nulls_last=True),
                models.OrderBy(models.F("entry_id"), descending=True),
                name="listing_newest",
            ),
        ),
    ]
