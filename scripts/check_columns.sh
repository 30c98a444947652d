#!/bin/sh
# Fails if a line is wider than 120 columns. swift-format wraps code but leaves comments as they are, and does not check
# C, headers, scripts and this project's Makefile.
set -eu

cd "$(dirname "$0")/.."

# The C locale: awk then reads bytes, and the continuation bytes of UTF-8 characters are not counted.
LC_ALL=C
export LC_ALL
find Makefile Package.swift Sources Tests scripts Benchmarks/Package.swift Benchmarks/Sources -type f \
  \( -name '*.swift' -o -name '*.[ch]' -o -name '*.sh' -o -name '*.awk' -o -name '*.md' -o -name '*.modulemap' \
  -o -name Makefile \) | sort | xargs awk '
  {
    line = $0
    gsub(/[\200-\277]/, "", line)
    if (length(line) > 120) { print "error: " FILENAME ":" FNR ": " length(line) " columns, of 120"; bad = 1 }
  }
  END { exit bad }
' >&2
