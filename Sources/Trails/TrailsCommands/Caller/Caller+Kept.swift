import TrailsContexts

extension Caller {
    /// The kept context of that name, or with `--root` the root: a root is never meant by chance.
    func findKept(_ name: ContextName) throws -> ContextID {
        let kind = self.options.kind ?? .kept
        let isMissing = try !self.contexts.exists(name, kind: kind)
        guard isMissing, kind == .kept, try self.contexts.exists(name, kind: .root) else {
            return try self.contexts.find(name, kind: kind)
        }
        throw CommandFailure.usage(
            "there is no kept context \(name), but a root of that name",
            hint: "add --root if you mean the root, which commands the whole tree")
    }
}
