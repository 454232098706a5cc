import FoundationEssentials
import TrailsWire
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What this process is, for people.
enum ThisProcess {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var hostname: String? {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension ProcessFacts {
    /// Of this process, now.
    static func current() -> Self {
        let environment = ThisProcess.environment
        let short = { (name: String) in environment[name].flatMap { $0.utf8.count > 256 || $0.isEmpty ? nil : $0 } }
        return Self(
            pid: Int64(getpid()), ppid: Int64(getppid()), uid: Int64(getuid()), gid: Int64(getgid()),
            user: short("USER") ?? short("LOGNAME"), hostname: ThisProcess.hostname, nodeName: short("NODE_NAME"),
            podIP: short("POD_IP"), namespace: short("POD_NAMESPACE"), startTime: .now(),
            executable: CommandLine.arguments.first.map { String($0.prefix(500)) })
    }
}
