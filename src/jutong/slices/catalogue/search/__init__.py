"""Search of the catalogue in one place: words, facets with counts, ranking; always in step with the entries themselves."""

from jutong.slices.catalogue.search.counting import FACET_LABELS, FACETS, Facet, FacetValue
from jutong.slices.catalogue.search.hits import RANKED
from jutong.slices.catalogue.search.matching import Subscription, query_of, subscriptions_met
from jutong.slices.catalogue.search.related import Related, related
from jutong.slices.catalogue.search.results import (
    DEEPEST,
    MOST_CHOSEN,
    SIZE,
    Found,
    Results,
    every_hit,
    kept_of,
    search,
)
from jutong.slices.catalogue.search.suggesting import Suggestion, suggested, suggestions
from jutong.slices.catalogue.search.tree import KINDS as TREES
from jutong.slices.catalogue.search.tree import Twig, directory, folded
from jutong.slices.catalogue.search.vocabulary import synonym_sets

__all__ = [
    "DEEPEST",
    "FACETS",
    "FACET_LABELS",
    "MOST_CHOSEN",
    "RANKED",
    "SIZE",
    "TREES",
    "Facet",
    "FacetValue",
    "Found",
    "Related",
    "Results",
    "Subscription",
    "Suggestion",
    "Twig",
    "directory",
    "every_hit",
    "folded",
    "kept_of",
    "query_of",
    "related",
    "search",
    "subscriptions_met",
    "suggested",
    "suggestions",
    "synonym_sets",
]
