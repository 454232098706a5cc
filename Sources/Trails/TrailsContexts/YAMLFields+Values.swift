import Vocabulary
import Yams

/// The fields of a context file, each as what it should be.
extension YAMLFields {
    func text(_ name: String) throws(ContextError) -> String {
        try self.value(name, { $0 }, "text")
    }

    func value<Value>(
        _ name: String, _ read: (String) -> Value?, _ expected: String
    ) throws(ContextError) -> Value {
        guard let value = try self.optional(name, read, expected) else {
            throw .broken(self.path, line: nil, "the field \(name) is missing")
        }
        return value
    }

    func optional<Value>(
        _ name: String, _ read: (String) -> Value?, _ expected: String
    ) throws(ContextError) -> Value? {
        guard let field = self[name] else { return nil }
        guard let text = field.node.scalar?.string, let value = read(text) else {
            throw .broken(self.path, line: field.line, "\(name) is not \(expected)")
        }
        return value
    }

    /// As `value`, without a word of what is there in the message.
    func privateSeed(_ name: String) throws(ContextError) -> PrivateSeed {
        try self.value(name, PrivateSeed.init(secretText:), "a private key (ed25519:BASE64)")
    }

    func children() throws(ContextError) -> [Context.Child] {
        guard let field = self["children"] else { return [] }
        if field.node.null != nil { return [] }
        guard let nodes = field.node.sequence else {
            throw .broken(self.path, line: field.line, "children is not a list")
        }
        var children: [Context.Child] = []
        for node in nodes {
            guard let id = node["app_id"]?.scalar.flatMap({ AppID($0.string) }),
                let name = node["app_name"]?.scalar?.string
            else {
                let line = node.mark?.line ?? field.line
                throw .broken(self.path, line: line, "a child without an app_id (a UUID) and an app_name")
            }
            children.append(Context.Child(appID: id, appName: name))
        }
        return children
    }
}
