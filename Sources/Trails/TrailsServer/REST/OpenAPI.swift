import TrailsWire
import Vocabulary

/// What `GET /api/v1/openapi.json` says: every call of this server, for people and for generators (OpenAPI 3.1).
struct OpenAPI {
    /// One call.
    struct Call {
        var method: String
        /// As in a URL, with `{id}`.
        var path: String
        var summary: String
        var query: [Parameter] = []
        /// The schema of its body.
        var body: String?
        /// The schema of its answer; `nil` is text.
        var answer: String?
        var status = 200
        var isSigned = true
    }

    /// A member of the query.
    struct Parameter {
        var name: String
        var type: String
        var about: String
    }

    var version: String

    var json: JSONValue {
        var paths: JSONObject = [:]
        for call in Self.calls {
            var item = paths[call.path]?.object ?? [:]
            item[call.method] = .object(Self.operation(call))
            paths[call.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": ["title": "trailsd", "version": .string(self.version), "description": .string(Self.signing)],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Self.schemas),
                "securitySchemes": [
                    "signature": [
                        "type": "apiKey", "in": "header", "name": .string(RESTSignature.signatureHeader),
                        "description": .string(Self.signing),
                    ]
                ],
            ],
        ]
    }

    private static let signing = """
        Every call but those without security is signed: Ed25519 over the RFC 8785 form of {typ: "rest", v: 1, aud: \
        the server's key, method, host, path with query, timestamp, nonce, body_sha256}, in X-Trails-Sig, with \
        X-Trails-App, X-Trails-PubKey, X-Trails-Timestamp and X-Trails-Nonce beside it.
        """

    private static func operation(_ call: Call) -> JSONObject {
        var parameters: [JSONValue] = call.query.map { parameter in
            [
                "name": .string(parameter.name), "in": "query", "description": .string(parameter.about),
                "schema": ["type": .string(parameter.type)],
            ]
        }
        if call.path.contains("{id}") {
            parameters.append(
                ["name": "id", "in": "path", "required": true, "schema": ["type": "string", "format": "uuid"]])
        }
        let problem: JSONValue = [
            "description": "a refusal, with code and hint",
            "content": ["application/problem+json": self.content("Problem")],
        ]
        let answer: JSONValue =
            call.answer.map { ["application/json": self.content($0)] } ?? ["text/plain": ["schema": ["type": "string"]]]
        var operation: JSONObject = [
            "summary": .string(call.summary),
            "responses": [
                String(call.status): ["description": "what was asked for", "content": answer], "default": problem,
            ],
            "security": call.isSigned ? [["signature": []]] : [],
        ]
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = call.body {
            operation["requestBody"] = [
                "required": true, "content": ["application/json": self.content(body)],
            ]
        }
        return operation
    }

    private static func content(_ schema: String) -> JSONValue {
        ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]
    }
}
