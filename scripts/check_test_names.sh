#!/bin/sh
# Fails if a test or a suite is not named by a sentence in backticks: one style, so that a report reads like a text.
set -eu

cd "$(dirname "$0")/.."

find Tests -type f -name '*.swift' | sort | xargs awk '
  function wrong(reason) { print "error: " FILENAME ":" FNR ": " reason > "/dev/stderr"; bad = 1 }
  FNR == 1 { waiting = 0 }
  { line = $0; gsub(/"[^"]*"/, "\"\"", line) }
  /@(Test|Suite)\(\"/ { wrong("the name stands in backticks after func or struct, not in the attribute") }
  /^[ \t]*@(Test|Suite)([ (]|$)/ { waiting = 1 }
  waiting && line ~ /(^|[ \t)])(func|struct|class|enum|actor)[ \t]/ {
    if (line !~ /(func|struct|class|enum|actor)[ \t]+`/) wrong("the name stands in backticks")
    else if (line ~ /func/ && line !~ /func[ \t]+`[^`]* [^`]*`/) wrong("a test is named by a sentence, not by a word")
    waiting = 0
  }
  END { exit bad }
'
