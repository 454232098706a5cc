import HashTreeCollections
import Vocabulary

/// Finds agents by name, in a time that does not grow with their number.
struct NameIndex: Hashable, Sendable {
    /// Everywhere in the tree.
    private(set) var everywhere: TreeDictionary<String, TreeSet<AgentID>> = [:]
    /// The child of an agent (or the root) with a name.
    private(set) var children: TreeDictionary<Place, TreeSet<AgentID>> = [:]
    /// How many grandchildren of an agent have a name.
    private(set) var grandchildren: TreeDictionary<Place, Int> = [:]

    struct Place: Hashable, Sendable {
        /// `nil` for roots.
        let under: AgentID?
        let name: String
    }

    mutating func insert(_ node: AgentNode, grandparent: AgentID?) {
        guard !node.name.isEmpty else { return }
        self.everywhere[node.name, default: []].insert(node.id)
        self.children[Place(under: node.parent, name: node.name), default: []].insert(node.id)
        if let grandparent { self.grandchildren[Place(under: grandparent, name: node.name), default: 0] += 1 }
    }

    mutating func remove(_ node: AgentNode, grandparent: AgentID?) {
        guard !node.name.isEmpty else { return }
        self.everywhere[node.name]?.remove(node.id)
        if self.everywhere[node.name]?.isEmpty == true { self.everywhere[node.name] = nil }
        let place = Place(under: node.parent, name: node.name)
        self.children[place]?.remove(node.id)
        if self.children[place]?.isEmpty == true { self.children[place] = nil }
        guard let grandparent else { return }
        let nephew = Place(under: grandparent, name: node.name)
        let count = self.grandchildren[nephew, default: 0] - 1
        self.grandchildren[nephew] = count > 0 ? count : nil
    }
}

extension AgentTree {
    /// The children (or roots, for `nil`) of that name; more than one only in logs of other programs.
    func children(of parent: AgentID?, named name: String) -> [AgentID] {
        (self.names.children[NameIndex.Place(under: parent, name: name)] ?? []).sorted()
    }

    /// Passes when a new child of `parent` may be called `name`: nobody within one hop of it, of its parent and of its
    /// siblings has that name already, so no name that an agent can use ever means two others.
    func checkName(_ name: String, under parent: AgentID?) throws(AgentRefusal) {
        guard AgentLabel.isValid(name) else { throw .badName(name) }
        guard self.children(of: parent, named: name).isEmpty else { throw .nameTaken(name) }
        guard let parent, let node = self.nodes[parent] else { return }
        guard node.name != name else { throw .nameTaken(name) }
        guard self.names.grandchildren[NameIndex.Place(under: parent, name: name)] == nil else {
            throw .nameTaken(name)
        }
        guard let above = node.parent else { return }
        guard self.nodes[above]?.name != name, self.children(of: above, named: name).isEmpty else {
            throw .nameTaken(name)
        }
    }

    /// Finds the agent that an operator means: a path of names from a root, a name that only one has, or an id.
    ///
    /// Names come before ids.
    package func resolve(_ reference: String) throws(AgentRefusal) -> AgentID {
        guard !reference.isEmpty else { throw .unknownReference(reference) }
        if reference.contains("/"), let agent = try self.walk(reference) { return agent }
        let named = (self.names.everywhere[reference] ?? []).sorted()
        guard named.count < 2 else { throw .ambiguousReference(reference, named.map(self.path).sorted()) }
        if let agent = named.first { return agent }
        guard let id = AgentID(hexOrDashed: reference), self.nodes[id] != nil else {
            throw .unknownReference(reference)
        }
        return id
    }

    private func walk(_ path: String) throws(AgentRefusal) -> AgentID? {
        var place: AgentID?
        for name in path.split(separator: "/", omittingEmptySubsequences: true) {
            let found = self.children(of: place, named: String(name))
            guard found.count < 2 else { throw .ambiguousReference(path, found.map(\.hex)) }
            guard let next = found.first else { return nil }
            place = next
        }
        return place
    }

    /// The names from the root, joined by `/`.
    package func path(of agent: AgentID) -> String {
        ([agent] + self.ancestors(of: agent)).reversed()
            .map { self.nodes[$0].map { $0.name.isEmpty ? $0.id.short : $0.name } ?? $0.short }
            .joined(separator: "/")
    }

    /// What a message says it is from.
    package func displayName(of agent: AgentID) -> String {
        switch agent {
        case .system: "SYSTEM"
        case .user: "USER"
        default: self.nodes[agent].flatMap { $0.name.isEmpty ? nil : $0.name } ?? agent.description
        }
    }
}
