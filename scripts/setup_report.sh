#!/usr/bin/env bash
# Makes target/report_python, a Python environment with jsonschema and lxml: the report tests hold record.json
# against its JSON Schema and junit.xml against fixtures/report/junit.xsd with them.
set -euo pipefail

# shellcheck source=scripts/python_environment.sh
. "$(dirname "${BASH_SOURCE[0]}")/python_environment.sh"
python_environment report_python "jsonschema, lxml.etree" "The schema tests of the report" \
  jsonschema==4.26.0 lxml==6.0.2
