import TrailsWire
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Facts about this process and the shell that called it, as an app tells them.
enum ThisProcess {
    /// Of the caller, for whom the program registers: a shell, mostly. `how` is shown as its executable.
    static func callerInfo(executable: String? = nil) -> ProcessFacts {
        ProcessFacts(
            pid: Int64(getppid()), uid: Int64(getuid()), gid: Int64(getgid()), user: self.user,
            hostname: self.hostName, nodeName: self.variable("NODE_NAME"), podIP: self.variable("POD_IP"),
            namespace: self.variable("POD_NAMESPACE"), executable: executable)
    }

    static var user: String? { getpwuid(geteuid())?.pointee.pw_name.map { String(cString: $0) } }

    static var hostName: String? {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return nil }
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return host.isEmpty ? nil : host
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
