import AgentRuntime
import AgentWorkspaces
import DurableFiles
import Foundation
import SubstratProtocol

extension HostingOptions {
    /// With what the agents of a root are hosted.
    func host(at place: DaemonPlace) -> HostOptions {
        var host = self.host
        host.sandbox.allowsUnsandboxed = self.allowUnsandboxed
        let program = ProcessInfo.processInfo.environment["SUBSTRAT_BWRAP"] ?? ""
        if !program.isEmpty { host.sandbox.program = program }
        host.sandbox.socket = SandboxPlan.Bind(place.toolSocket, at: place.socket, .readWrite, isOptional: true)
        host.sandbox.toolProgram = Bundle.main.executablePath
        host.sandbox.toolFiles = Self.ownFiles
        return host
    }

    /// The libraries that this program has loaded, where no sandbox shows them anyway.
    private static var ownFiles: [String] {
        let maps = (try? POSIXFileSystem().read("/proc/self/maps", limit: 16 << 20)) ?? []
        let mapped = String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
            line.firstIndex(of: "/").map { String(line[$0...]) }
        }
        return Set(mapped).filter { path in
            FileManager.default.fileExists(atPath: path)
                && !SandboxPlan.systemFolders.contains { MountPath.isInside(path, $0) }
        }.sorted()
    }
}
