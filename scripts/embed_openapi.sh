#!/bin/sh
# Writes docs/schema/openapi.json into the sources that serve it: run it after each change of the description.
set -eu
cd "$(dirname "$0")/.."
source=docs/schema/openapi.json
target=Sources/Serving/OpenAPI
middle=$(grep -n '^  "components"' "$source" | cut -d: -f1)

part() {
  printf '/// %s scripts/embed_openapi.sh wrote this.\nenum %s {\n  static let text = #"""\n' "$3" "$2"
  sed -n "$1" "$source" | sed 's/^/    /'
  printf '\n    """#\n}\n'
}

part "1,$((middle - 1))p" OpenAPIPaths "What docs/schema/openapi.json says of paths." \
  > "$target/OpenAPIPaths.swift"
part "$middle,\$p" OpenAPISchemas "What docs/schema/openapi.json says of bodies." \
  > "$target/OpenAPISchemas.swift"
