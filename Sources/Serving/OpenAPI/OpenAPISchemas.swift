/// What docs/schema/openapi.json says of bodies. scripts/embed_openapi.sh wrote this.
enum OpenAPISchemas {
  static let text = #"""
      "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
          "Error": {
            "type": "object",
            "properties": {
              "error": {
                "type": "object",
                "properties": {
                  "message": {"type": "string", "minLength": 1},
                  "type": {
                    "enum": [
                      "invalid_request_error",
                      "authentication_error",
                      "permission_error",
                      "rate_limit_error",
                      "server_error"
                    ]
                  },
                  "param": {
                    "type": ["string", "null"],
                    "description": "The field that is to blame, such as prune.keep."
                  },
                  "code": {"type": ["string", "null"]}
                },
                "required": ["message", "type", "param", "code"],
                "additionalProperties": false
              }
            },
            "required": ["error"],
            "additionalProperties": false
          },
          "ChatRequest": {
            "type": "object",
            "required": ["messages"],
            "description": "null is as good as absent, unknown keys are ignored.",
            "properties": {
              "model": {
                "type": ["string", "null"],
                "description": "The id that /v1/models names; any other is 404."
              },
              "messages": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/components/schemas/Message"},
                "description": "System messages first, then a user's and the assistant's in turn, a user's last."
              },
              "max_tokens": {"type": ["integer", "null"], "minimum": 1},
              "max_completion_tokens": {"type": ["integer", "null"], "minimum": 1},
              "temperature": {
                "type": ["number", "null"],
                "minimum": 0,
                "maximum": 2,
                "description": "0 takes the likeliest token; the server's own default otherwise."
              },
              "top_p": {"type": ["number", "null"], "maximum": 1, "description": "Above 0."},
              "n": {"type": ["integer", "null"], "minimum": 1, "maximum": 1},
              "stop": {
                "type": ["string", "array", "null"],
                "items": {"type": "string"},
                "description": "Texts that end the answer, and are no part of it."
              },
              "seed": {"type": ["integer", "null"], "description": "Without one, sampling is drawn anew."},
              "stream": {"type": ["boolean", "null"]},
              "stream_options": {
                "type": ["object", "null"],
                "properties": {"include_usage": {"type": ["boolean", "null"]}}
              },
              "prune": {
                "type": ["object", "null"],
                "description": "How the pictures are pruned; counts more than detail.",
                "properties": {
                  "strategy": {
                    "type": ["string", "null"],
                    "description": "As --strategy takes it; hiprune where only keep is given."
                  },
                  "keep": {
                    "type": ["integer", "number", "string", "null"],
                    "description": "What --keep takes: 64, 0.25, 25%, all, adaptive."
                  },
                  "return_kept": {
                    "type": ["boolean", "null"],
                    "description": "Whether the answer says which patches were kept."
                  }
                }
              }
            }
          },
          "Message": {
            "type": "object",
            "required": ["role", "content"],
            "properties": {
              "role": {"enum": ["system", "developer", "user", "assistant"]},
              "content": {
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}]
              }
            }
          },
          "Part": {
            "type": "object",
            "required": ["type"],
            "properties": {
              "type": {"enum": ["text", "image_url"]},
              "text": {"type": "string"},
              "image_url": {
                "anyOf": [
                  {"type": "string"},
                  {
                    "type": "object",
                    "required": ["url"],
                    "properties": {
                      "url": {
                        "type": "string",
                        "description": "data:, or file:// in the media folder; nothing is fetched."
                      },
                      "detail": {
                        "type": ["string", "null"],
                        "description": "auto, low (keep 11%) or high (keep all)."
                      }
                    }
                  }
                ]
              }
            }
          },
          "Usage": {
            "type": "object",
            "properties": {
              "prompt_tokens": {"type": "integer", "minimum": 0},
              "completion_tokens": {"type": "integer", "minimum": 0},
              "total_tokens": {"type": "integer", "minimum": 0},
              "prompt_tokens_details": {
                "type": "object",
                "properties": {
                  "cached_tokens": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Positions of the prompt that were not run."
                  }
                },
                "required": ["cached_tokens"],
                "additionalProperties": false
              }
            },
            "required": ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details"],
            "additionalProperties": false
          },
          "KeptPicture": {
            "type": "object",
            "properties": {
              "size": {
                "type": "array",
                "items": {"type": "integer", "minimum": 0},
                "minItems": 2,
                "maxItems": 2,
                "description": "Width and height in pixels."
              },
              "views": {
                "type": "array",
                "minItems": 1,
                "items": {
                  "type": "object",
                  "properties": {
                    "grid": {
                      "type": "array",
                      "items": {"type": "integer", "minimum": 0},
                      "minItems": 2,
                      "maxItems": 2,
                      "description": "Rows and columns."
                    },
                    "kept": {
                      "type": "array",
                      "items": {"type": "integer", "minimum": 0},
                      "description": "Patch indices, ascending."
                    },
                    "region": {
                      "type": "array",
                      "items": {"type": "number"},
                      "minItems": 4,
                      "maxItems": 4,
                      "description": "What the view shows of the picture, in its pixels: left, top, width, height."
                    }
                  },
                  "required": ["grid", "kept", "region"],
                  "additionalProperties": false
                }
              }
            },
            "required": ["size", "views"],
            "additionalProperties": false
          },
          "Pruning": {
            "type": "object",
            "properties": {
              "strategy": {"type": "string", "description": "With every option spelled out."},
              "visual_total": {"type": "integer", "minimum": 0},
              "visual_kept": {"type": "integer", "minimum": 0},
              "encode_ms": {"type": "number", "minimum": 0},
              "prune_ms": {"type": "number", "minimum": 0},
              "prefill_ms": {"type": "number", "minimum": 0},
              "decode_ms": {"type": "number", "minimum": 0},
              "images": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/KeptPicture"},
                "description": "Where prune.return_kept asks for it."
              }
            },
            "required": [
              "strategy",
              "visual_total",
              "visual_kept",
              "encode_ms",
              "prune_ms",
              "prefill_ms",
              "decode_ms"
            ],
            "additionalProperties": false
          },
          "ChatCompletion": {
            "type": "object",
            "properties": {
              "id": {"type": "string", "pattern": "^chatcmpl-"},
              "object": {"const": "chat.completion"},
              "created": {"type": "integer", "minimum": 0},
              "model": {"type": "string"},
              "choices": {
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": {
                  "type": "object",
                  "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "message": {
                      "type": "object",
                      "properties": {"role": {"const": "assistant"}, "content": {"type": "string"}},
                      "required": ["role", "content"],
                      "additionalProperties": false
                    },
                    "finish_reason": {"enum": ["stop", "length"]},
                    "logprobs": {"type": "null"}
                  },
                  "required": ["index", "message", "finish_reason", "logprobs"],
                  "additionalProperties": false
                }
              },
              "usage": {"$ref": "#/components/schemas/Usage"},
              "vlmprune": {"$ref": "#/components/schemas/Pruning"}
            },
            "required": ["id", "object", "created", "model", "choices", "usage", "vlmprune"],
            "additionalProperties": false
          },
          "ChatChunk": {
            "type": "object",
            "properties": {
              "id": {"type": "string", "pattern": "^chatcmpl-"},
              "object": {"const": "chat.completion.chunk"},
              "created": {"type": "integer", "minimum": 0},
              "model": {"type": "string"},
              "choices": {
                "type": "array",
                "maxItems": 1,
                "items": {
                  "type": "object",
                  "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "delta": {
                      "type": "object",
                      "properties": {"role": {"const": "assistant"}, "content": {"type": "string"}},
                      "required": [],
                      "additionalProperties": false
                    },
                    "finish_reason": {"enum": ["stop", "length", null]},
                    "logprobs": {"type": "null"}
                  },
                  "required": ["index", "delta", "finish_reason", "logprobs"],
                  "additionalProperties": false
                }
              },
              "usage": {
                "anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Usage"}],
                "description": "Null but in the last chunk, with include_usage."
              },
              "vlmprune": {"$ref": "#/components/schemas/Pruning"}
            },
            "required": ["id", "object", "created", "model", "choices"],
            "additionalProperties": false
          },
          "Model": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "object": {"const": "model"},
              "created": {"type": "integer", "minimum": 0},
              "owned_by": {"type": "string"}
            },
            "required": ["id", "object", "created", "owned_by"],
            "additionalProperties": false
          },
          "ModelList": {
            "type": "object",
            "properties": {
              "object": {"const": "list"},
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}, "minItems": 1}
            },
            "required": ["object", "data"],
            "additionalProperties": false
          },
          "Health": {
            "type": "object",
            "properties": {"status": {"enum": ["ok", "loading", "stopping"]}},
            "required": ["status"],
            "additionalProperties": false
          }
        }
      }
    }

    """#
}
