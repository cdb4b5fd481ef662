#!/usr/bin/env bash
# Makes target/python, a Python environment with pyzmq: the bus tests listen and publish with it.
set -euo pipefail

# shellcheck source=scripts/python_environment.sh
. "$(dirname "${BASH_SOURCE[0]}")/python_environment.sh"
python_environment python zmq "The bus tests that need pyzmq" pyzmq==27.3.0
