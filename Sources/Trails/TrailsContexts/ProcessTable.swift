/// Who runs on this machine, and under whom.
package protocol ProcessTable: Sendable {
    /// The process that asks.
    var caller: Int32 { get }
    /// On whose behalf it asks.
    var effectiveUser: UInt32 { get }
    /// Which life of the machine this is; `nil` when nothing tells.
    var bootID: String? { get }
    /// Within which namespace process ids mean something; `nil` when nothing tells.
    var pidNamespace: String? { get }

    /// The process `pid`; `nil` when it is gone, or hidden.
    func process(_ pid: Int32) -> ProcessFacts?
}

/// One process, as long as it lives.
package struct ProcessFacts: Hashable, Sendable {
    package let pid: Int32
    package let parent: Int32
    /// When it began, in whatever unit: a later process with the same pid has another one.
    package let startTime: UInt64
    /// The short name of its program.
    package let name: String

    package init(pid: Int32, parent: Int32, startTime: UInt64, name: String) {
        self.pid = pid
        self.parent = parent
        self.startTime = startTime
        self.name = name
    }
}
