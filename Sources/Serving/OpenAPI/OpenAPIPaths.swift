/// What docs/schema/openapi.json says of paths. scripts/embed_openapi.sh wrote this.
enum OpenAPIPaths {
  static let text = #"""
    {
      "openapi": "3.1.0",
      "info": {
        "title": "vlmprune serve",
        "version": "1",
        "description": "Questions about pictures. Also 405, 408 and 431, in the errors' form."
      },
      "security": [{}, {"key": []}],
      "paths": {
        "/v1/chat/completions": {
          "post": {
            "summary": "Answer a question about pictures.",
            "operationId": "createChatCompletion",
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ChatRequest"}}}
            },
            "responses": {
              "200": {
                "description": "The answer; with stream, server-sent events of chunks that end with data: [DONE].",
                "content": {
                  "application/json": {"schema": {"$ref": "#/components/schemas/ChatCompletion"}},
                  "text/event-stream": {"schema": {"$ref": "#/components/schemas/ChatChunk"}}
                }
              },
              "400": {
                "description": "A field is wrong, or asks for what cannot be done.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "401": {
                "description": "No valid key.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "403": {
                "description": "A foreign Host or Origin.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "404": {
                "description": "No such model.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "413": {
                "description": "The body is too large.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "422": {
                "description": "A picture cannot be decoded, or is too large.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "429": {
                "description": "The queue is full; Retry-After says when to try again.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "503": {
                "description": "The model is loading, or the server stops.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              }
            }
          }
        },
        "/v1/models": {
          "get": {
            "summary": "The model that answers.",
            "operationId": "listModels",
            "responses": {
              "200": {
                "description": "A list of one.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ModelList"}}}
              },
              "401": {
                "description": "No valid key.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "403": {
                "description": "A foreign Host or Origin.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "503": {
                "description": "The model is loading, or the server stops.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              }
            }
          }
        },
        "/v1/models/{id}": {
          "get": {
            "summary": "One model.",
            "operationId": "retrieveModel",
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "responses": {
              "200": {
                "description": "The model.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Model"}}}
              },
              "401": {
                "description": "No valid key.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "403": {
                "description": "A foreign Host or Origin.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "404": {
                "description": "No such model.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "503": {
                "description": "The model is loading, or the server stops.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              }
            }
          }
        },
        "/health": {
          "get": {
            "summary": "Whether the model is loaded; needs no key.",
            "operationId": "health",
            "security": [],
            "responses": {
              "200": {
                "description": "It is.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
              },
              "503": {
                "description": "It is still loading.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
              }
            }
          }
        },
        "/ready": {
          "get": {
            "summary": "Whether requests are taken.",
            "operationId": "ready",
            "responses": {
              "200": {
                "description": "They are.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
              },
              "401": {
                "description": "No valid key.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "403": {
                "description": "A foreign Host or Origin.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "503": {
                "description": "The model is loading, or the server stops.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
              }
            }
          }
        },
        "/metrics": {
          "get": {
            "summary": "Counts for Prometheus; with --metrics only.",
            "operationId": "metrics",
            "responses": {
              "200": {
                "description": "Prometheus' text format.",
                "content": {"text/plain": {"schema": {"type": "string"}}}
              },
              "401": {
                "description": "No valid key.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "403": {
                "description": "A foreign Host or Origin.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "404": {
                "description": "No such model.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              }
            }
          }
        },
        "/openapi.json": {
          "get": {
            "summary": "This description.",
            "operationId": "description",
            "responses": {
              "200": {
                "description": "OpenAPI 3.1.",
                "content": {"application/json": {"schema": {"type": "object"}}}
              },
              "401": {
                "description": "No valid key.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "403": {
                "description": "A foreign Host or Origin.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              }
            }
          }
        },
        "/": {
          "get": {
            "summary": "A page to try it; needs no key.",
            "operationId": "page",
            "security": [],
            "responses": {
              "200": {"description": "HTML.", "content": {"text/html": {"schema": {"type": "string"}}}}
            }
          }
        }
      },

    """#
}
