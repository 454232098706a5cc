import Foundation

/// What Package.swift says: the targets and their dependencies.
struct Manifest {
    struct Target {
        let name: String
        let path: String
        let isTest: Bool
        /// Names of targets of this package and of products of others.
        let dependencies: [String]
    }

    let targets: [Target]

    /// Has SwiftPM evaluate Package.swift, in a scratch folder of its own: the one of a running `swift test` is locked.
    static func read(from repository: Repository) throws -> Self {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "cairn-manifest-\(UUID())")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let command = ["swift", "package", "--scratch-path", scratch.path(percentEncoded: false), "dump-package"]
        let end = try run(command, in: repository.root)
        guard end.code == 0 else { throw Fault(text: "\"swift package dump-package\" ended with \(end.code)") }
        return try Self(json: Data(end.output.utf8))
    }

    struct Fault: Error {
        let text: String
    }

    init(targets: [Target]) {
        self.targets = targets
    }

    init(json: Data) throws {
        guard let top = try JSONSerialization.jsonObject(with: json) as? [String: Any],
            let targets = top["targets"] as? [[String: Any]]
        else { throw Fault(text: "the dump of Package.swift has no targets") }
        self.targets = targets.map { target in
            let name = target["name"] as? String ?? ""
            let dependencies = target["dependencies"] as? [[String: Any]] ?? []
            return Target(
                name: name,
                path: target["path"] as? String ?? "",
                isTest: target["type"] as? String == "test",
                dependencies: dependencies.compactMap { ($0.values.first as? [Any])?.first as? String })
        }
    }

    /// The target whose folder holds `path`.
    func owner(of path: String) -> Target? {
        self.targets.first { !$0.path.isEmpty && path.hasPrefix($0.path + "/") }
    }
}
