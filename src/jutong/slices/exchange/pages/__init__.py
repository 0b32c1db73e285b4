"""Pages of the exchange: runs, batch files, standing tasks and their wizard, limits of data sources, submitted batches, back-flow, what went round the platform."""

from jutong.slices.exchange.pages import backflow, corrections, limits, off_platform, runs, submissions, tasks, wizard

urlpatterns = [
    *corrections.urlpatterns,  # before the moves of runs, whose address would take theirs
    *runs.urlpatterns,
    *wizard.urlpatterns,
    *tasks.urlpatterns,
    *limits.urlpatterns,
    *submissions.urlpatterns,
    *backflow.urlpatterns,
    *off_platform.urlpatterns,
]
