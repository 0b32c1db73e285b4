"""`make bench`: every benchmark with its limit in one run; exit code 1 when anything does not reconcile."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import deciding
import exchange_cdc
import exchange_csv
import exchange_mariadb
import exchange_postgresql
import gateway
import gateway_full
import importing
import load
import pages
import report
import searching
import transferring
from ground import Ground, ground

BENCHES: dict[str, Callable[[Ground], None]] = {
    "transfer": transferring.run,
    "pg_pg_plain": exchange_postgresql.plain,
    "pg_pg_masked": exchange_postgresql.masked,
    "pg_pg_reconciled": exchange_postgresql.reconciled,
    "mariadb_pg": exchange_mariadb.run,
    "csv_pg": exchange_csv.run,
    "cdc": exchange_cdc.run,
    "cdc_mariadb": exchange_cdc.run_mariadb,
    "gateway": gateway.run,
    "gateway_full": gateway_full.run,
    "catalogue_import": importing.run,
    "catalogue_search": searching.run,
    "catalogue_list": pages.run_list,
    "catalogue_detail": pages.run_detail,
    "decisions": deciding.run_decisions,
    "workbench": deciding.run_workbench,
    "clocks": deciding.run_clocks,
}


def main() -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which to run: {', '.join(BENCHES)}; all when left out"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full amount of work, 0.001 to 1")
    given = parser.parse_args()
    if unknown := set(given.names) - BENCHES.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    if not 0.001 <= given.scale <= 1:
        parser.error("--scale must lie between 0.001 and 1")
    failed = []
    with ground(given.scale) as place:
        for name in given.names or BENCHES:
            began = time.monotonic()
            try:
                BENCHES[name](place)
            except (report.Unreconciled, load.Unanswered, AssertionError) as finding:
                failed.append(name)
                print(f"bench {name} FAILED {finding}", file=sys.stderr, flush=True)
            report.note(f"{name}: {time.monotonic() - began:.1f} s in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
