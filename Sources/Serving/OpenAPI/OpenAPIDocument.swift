/// What `/openapi.json` says: the text of docs/schema/openapi.json.
enum OpenAPIDocument {
  static let text = OpenAPIPaths.text + OpenAPISchemas.text
}
