"""`python -m jutong`: the same as the `jutong` command."""

from jutong.cli.main import main

main()
