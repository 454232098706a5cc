import Foundation

/// A folder with files, in which scripts are played; sessions are kept there too.
struct Workshop: ~Copyable {
    let folder: URL

    init(_ files: [String: String]) throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-workshop-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        for (name, text) in files {
            try text.write(to: self.folder.appending(path: name), atomically: true, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(at: self.folder) }

    /// `newest` prints the id of the session that was made last.
    func play(_ script: String) throws -> String {
        try Play.play("newest() { orchestra status | awk 'NR == 2 { print $1 }'; }\n" + script, in: self.folder)
    }

    static let demo = """
        digraph demo {
            goal = "ship"
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [shape=parallelogram, tool_command="echo hello"]
            ask [shape=hexagon, label="Ship it?"]
            b [shape=parallelogram, tool_command="exit 3"]
            start -> a -> ask; ask -> b [label="[Y] Yes"]; ask -> exit [label="[N] No"]
            b -> exit [condition="outcome=success"]
        }
        """
}
