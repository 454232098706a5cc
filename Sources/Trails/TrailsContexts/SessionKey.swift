/// Which process of which life of which machine, for which user: the name of a file in `sessions/`.
struct SessionKey: Hashable {
    let bootID: String
    let pidNamespace: String
    let pid: Int32
    let startTime: UInt64
    let user: UInt32

    init?(_ process: ProcessFacts, in table: any ProcessTable) {
        guard let bootID = table.bootID, let pidNamespace = table.pidNamespace else { return nil }
        self.bootID = bootID
        self.pidNamespace = pidNamespace
        self.pid = process.pid
        self.startTime = process.startTime
        self.user = table.effectiveUser
    }

    /// `BOOT_NAMESPACE_PID_START_USER`
    var fileName: String { "\(self.bootID)_\(self.pidNamespace)_\(self.pid)_\(self.startTime)_\(self.user)" }

    /// Reads a file name; `nil` for anything else.
    init?(fileName: String) {
        let parts = fileName.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 5, !parts[0].isEmpty, !parts[1].isEmpty, let pid = Int32(parts[2]),
            let startTime = UInt64(parts[3]), let user = UInt32(parts[4])
        else { return nil }
        self.bootID = String(parts[0])
        self.pidNamespace = String(parts[1])
        self.pid = pid
        self.startTime = startTime
        self.user = user
    }
}
