package import Vocabulary

extension BranchResult {
    /// For the record: what `init(json:)` reads back.
    package var json: JSONValue {
        [
            "outcome": .object(self.outcome.json),
            "gates": .array(self.gates.map { [.string($0.node.text), .string($0.status.rawValue)] }),
            "step_count": .integer(Int64(self.stepCount)), "reroute_count": .integer(Int64(self.rerouteCount)),
        ]
    }

    /// `nil` for what `json` does not write.
    package init?(json: JSONValue) {
        guard let object = json["outcome"], let outcome = try? Outcome(statusFile: object),
            let gates = json["gates"]?.array, let steps = json["step_count"]?.integer,
            let reroutes = json["reroute_count"]?.integer
        else { return nil }
        let visited = gates.compactMap { gate -> VisitedOutcome? in
            guard let pair = gate.array, pair.count == 2, let node = pair[0].string,
                let status = pair[1].string.flatMap(StageStatus.init(text:))
            else { return nil }
            return VisitedOutcome(NodeID(node), status)
        }
        guard visited.count == gates.count else { return nil }
        self.init(outcome, gates: visited, stepCount: Int(steps), rerouteCount: Int(reroutes))
    }
}

extension ParallelState {
    /// For the record: what `init(json:)` reads back. That a branch is paused is not in it.
    package var json: JSONValue {
        let branches = self.branches.map { branch -> JSONValue in
            var object: JSONObject = ["id": .string(branch.id.text), "node": .string(branch.node.text)]
            object["session"] = branch.session.map { .string($0) }
            object["result"] = branch.result?.json
            return .object(object)
        }
        return ["key": .string(self.key.text), "branches": .array(branches)]
    }

    /// `nil` for what `json` does not write.
    package init?(json: JSONValue) {
        guard let key = json["key"]?.string, let objects = json["branches"]?.array else { return nil }
        var branches: [Branch] = []
        for object in objects {
            guard let id = object["id"]?.string, let node = object["node"]?.string else { return nil }
            var branch = Branch(id: BranchID(id), node: NodeID(node), session: object["session"]?.string)
            if let json = object["result"] {
                guard let result = BranchResult(json: json) else { return nil }
                branch.result = result
            }
            branches.append(branch)
        }
        self.init(key: AttemptKey(key), branches: branches)
    }
}
