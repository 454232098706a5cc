import DurableFiles
import Glibc

/// The processes of this machine, by `/proc`.
package struct LinuxProcessTable: ProcessTable {
    private let files = POSIXFileSystem()

    package init() {}

    package var caller: Int32 { getpid() }

    package var effectiveUser: UInt32 { geteuid() }

    package var bootID: String? {
        guard let text = self.text("/proc/sys/kernel/random/boot_id")?.split(separator: "\n").first else { return nil }
        return text.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "_") } ? String(text) : nil
    }

    /// The number of the inode behind `/proc/self/ns/pid`, which reads `pid:[4026531836]`.
    package var pidNamespace: String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let digits = buffer.prefix(count).filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
    }

    package func process(_ pid: Int32) -> ProcessFacts? {
        self.text("/proc/\(pid)/stat").flatMap { ProcessFacts(stat: $0) }
    }

    private func text(_ path: String) -> String? {
        (try? self.files.read(path, limit: 4_096)).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension ProcessFacts {
    /// Reads `/proc/PID/stat` (proc(5)): `PID (NAME) STATE PPID … STARTTIME …`, where NAME may hold anything.
    package init?(stat: String) {
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close,
            let pid = Int32(stat[..<open].filter { $0 != " " })
        else { return nil }
        // After the name: state 0, parent 1, …, start time 19.
        let rest = stat[stat.index(after: close)...].split(whereSeparator: \.isWhitespace)
        guard rest.count > 19, let parent = Int32(rest[1]), let startTime = UInt64(rest[19]) else { return nil }
        self.init(
            pid: pid, parent: parent, startTime: startTime, name: String(stat[stat.index(after: open)..<close]))
    }
}
