"""Pages of the exchange: runs, batch files, standing tasks and their wizard, limits of data sources."""

from jutong.slices.exchange.pages import limits, runs, tasks, wizard

urlpatterns = [*runs.urlpatterns, *wizard.urlpatterns, *tasks.urlpatterns, *limits.urlpatterns]
