"""Search of the catalogue in one place: words, facets with counts, ranking; always in step with the entries themselves."""

from jutong.slices.catalogue.search.counting import FACET_LABELS, FACETS, Facet, FacetValue
from jutong.slices.catalogue.search.matching import Subscription, subscriptions_met
from jutong.slices.catalogue.search.results import DEEPEST, SIZE, Found, Results, every_hit, search
from jutong.slices.catalogue.search.understanding import RANKED, Answered, understood_as

__all__ = [
    "DEEPEST",
    "FACETS",
    "FACET_LABELS",
    "RANKED",
    "SIZE",
    "Answered",
    "Facet",
    "FacetValue",
    "Found",
    "Results",
    "Subscription",
    "every_hit",
    "search",
    "subscriptions_met",
    "understood_as",
]
