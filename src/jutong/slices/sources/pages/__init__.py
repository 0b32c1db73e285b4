"""Pages of this slice: data sources, and front-end nodes."""

from jutong.slices.sources.pages import nodes, sources

urlpatterns = [*nodes.urlpatterns, *sources.urlpatterns]
