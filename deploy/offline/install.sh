#!/bin/sh
# Installs Jutong from this folder with the network off: ./install.sh TARGET  (PYTHON names another interpreter)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:?usage: ./install.sh TARGET, for example /opt/jutong}
(cd "$here" && sha256sum --quiet --check SHA256SUMS)
"${PYTHON:-python3}" -m venv "$target"
PIP_NO_INDEX=1 PIP_CONFIG_FILE=/dev/null "$target/bin/pip" install --quiet --disable-pip-version-check --no-index \
  --find-links "$here/wheels" --require-hashes --requirement "$here/requirements.txt"
PIP_NO_INDEX=1 PIP_CONFIG_FILE=/dev/null "$target/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$here"/jutong-*.whl
"$target/bin/jutong" --help >/dev/null
echo "installed: $target/bin/jutong"
