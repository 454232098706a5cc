import AgentCore
package import Vocabulary

/// What programs may do to what a link shows.
package enum LinkMode: String, Hashable, Sendable {
    case readOnly = "ro"
    case readWrite = "rw"

    package init(checking text: String) throws(WorkspaceRefusal) {
        guard let mode = Self(rawValue: text) else { throw .badMode(text) }
        self = mode
    }
}

/// A folder that programs find in a workspace, and that is somewhere else.
package struct WorkspaceLink: Hashable, Sendable {
    /// Absolute and canonical: no `..` in it, and no symbolic link when it was made.
    package let hostPath: String
    /// From the root of the workspace on; `.` is the root itself.
    package let mountPath: String
    package let mode: LinkMode

    package init(hostPath: String, mountPath: String, mode: LinkMode) {
        self.hostPath = hostPath
        self.mountPath = mountPath
        self.mode = mode
    }

    package var json: JSONValue {
        [
            "host_path": .string(self.hostPath), "mount_path": .string(self.mountPath),
            "mode": .string(self.mode.rawValue),
        ]
    }
}

/// All that is on record of a workspace: its `meta.json`.
package struct WorkspaceRecord: Hashable, Sendable {
    package let key: WorkspaceKey
    package let hasNetwork: Bool
    package internal(set) var links: [WorkspaceLink]
    package let createdAt: Timestamp
    /// The call that made it, so that a repeat of that call after a crash is known for one.
    package let madeBy: String?

    package init(
        _ key: WorkspaceKey, hasNetwork: Bool = false, links: [WorkspaceLink] = [], createdAt: Timestamp,
        madeBy: String? = nil
    ) {
        self.key = key
        self.hasNetwork = hasNetwork
        self.links = links
        self.createdAt = createdAt
        self.madeBy = madeBy
    }

    static let linksMax = 100
    static let version: Int64 = 1
}

/// Why a record cannot be used. It is kept as it is.
package struct WorkspaceDamage: Error, Hashable, Sendable {
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}

extension WorkspaceRecord {
    /// What `meta.json` holds. `root` is where its folder is now; it is not read again.
    package func json(root: String) -> JSONObject {
        var object: JSONObject = [
            "v": .integer(Self.version), "name": .string(self.key.name), "scope": .string(self.key.scope.hex),
            "root_path": .string(root), "network_access": .bool(self.hasNetwork),
            "created_at": .string(self.createdAt.logText), "links": .array(self.links.map(\.json)),
        ]
        object["made_by"] = self.madeBy.map(JSONValue.string)
        return object
    }

    /// Reads the `meta.json` that was found at the place of `key`, also one of an older program, which has no `v`.
    package init(_ json: JSONValue, at key: WorkspaceKey) throws(WorkspaceDamage) {
        guard let object = json.object else { throw WorkspaceDamage("it is no JSON object") }
        guard let version = object["v"] == nil ? 1 : object["v"]?.integer, version >= 1 else {
            throw WorkspaceDamage("its version is no number")
        }
        guard version <= Self.version else { throw WorkspaceDamage("it is of a later version (\(version))") }
        guard object["name"] == nil || object["name"]?.string == key.name else {
            throw WorkspaceDamage("it is that of another workspace")
        }
        if let scope = object["scope"] {
            guard scope.string.flatMap(AgentID.init(hexOrDashed:)) == key.scope else {
                throw WorkspaceDamage("it is that of another workspace")
            }
        }
        guard let network = object["network_access"] == nil ? false : object["network_access"]?.bool else {
            throw WorkspaceDamage("network_access is neither true nor false")
        }
        guard let createdAt = object["created_at"]?.string.flatMap(Timestamp.init) else {
            throw WorkspaceDamage("created_at is no moment")
        }
        var links: [WorkspaceLink] = []
        for link in object["links"]?.array ?? [] { links.append(try WorkspaceLink(link)) }
        self.init(
            key, hasNetwork: network, links: links, createdAt: createdAt, madeBy: object["made_by"]?.string)
    }
}

extension WorkspaceLink {
    fileprivate init(_ json: JSONValue) throws(WorkspaceDamage) {
        guard let host = json["host_path"]?.string, host.hasPrefix("/"), !host.utf8.contains(0),
            let mount = json["mount_path"]?.string, let path = try? MountPath.normal(mount),
            let mode = json["mode"]?.string.flatMap(LinkMode.init(rawValue:))
        else { throw WorkspaceDamage("a link in it makes no sense") }
        self.init(hostPath: host, mountPath: path, mode: mode)
    }
}

/// Paths in a workspace, from its root on.
package enum MountPath {
    static let lengthMax = 1_024

    /// Without `.` and doubled slashes; `.` for the root. A slash at the front means the root of the workspace.
    package static func normal(_ text: String) throws(WorkspaceRefusal) -> String {
        guard let path = self.parts(text.drop { $0 == "/" }) else { throw .badMount(text) }
        return path
    }

    /// The same for a path that is to be read: one that begins with a slash is refused.
    package static func source(_ text: String) throws(WorkspaceRefusal) -> String {
        guard !text.hasPrefix("/"), let path = self.parts(text[...]) else { throw .badSource(text) }
        return path
    }

    private static func parts(_ text: Substring) -> String? {
        let parts = text.split(separator: "/").filter { $0 != "." }
        guard text.utf8.count <= self.lengthMax, !text.utf8.contains(0), !parts.contains(".."),
            parts.allSatisfy({ $0.utf8.count <= 255 })
        else { return nil }
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }

    /// The path on the host of `path` below `root`.
    package static func below(_ root: String, _ path: String) -> String { path == "." ? root : "\(root)/\(path)" }

    /// Whether a canonical `path` is `folder` or in it.
    package static func isInside(_ path: String, _ folder: String) -> Bool {
        path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : "\(folder)/")
    }
}
