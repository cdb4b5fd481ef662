#!/usr/bin/env bash
# Chapter 1 of the manual in one command: configuration and directories, the check of the machine, the
# smoke test. Run it in a fresh clone of a workspace.
#
# Arguments go to every command, such as --set hud.port=8100. LIGHTHUNTER names the executable where it is
# not on the path. The exit code is that of the first command that fails; `lighthunter help exit-codes`.
set -euo pipefail

lighthunter=${LIGHTHUNTER:-lighthunter}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

"$lighthunter" "$@" bootstrap
"$lighthunter" "$@" doctor
"$lighthunter" "$@" regression --mode smoke
