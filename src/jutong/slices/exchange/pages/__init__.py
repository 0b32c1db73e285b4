"""Pages of the exchange: runs, batch files, standing tasks and their wizard, limits of data sources, submitted batches."""

from jutong.slices.exchange.pages import limits, runs, submissions, tasks, wizard

urlpatterns = [
    *runs.urlpatterns,
    *wizard.urlpatterns,
    *tasks.urlpatterns,
    *limits.urlpatterns,
    *submissions.urlpatterns,
]
