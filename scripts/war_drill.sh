#!/usr/bin/env bash
# Chapter 5 of the manual in one command: the war drill of this workspace. The last line on stdout is the
# path of the report.
#
# Arguments go to `lighthunter drill run`, such as --tags @fault-a. LIGHTHUNTER names the executable where it
# is not on the path. The exit code is 0 for Ready, 1 for NotReady; `lighthunter help exit-codes`.
set -euo pipefail

lighthunter=${LIGHTHUNTER:-lighthunter}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec "$lighthunter" drill run "$@"
