import Foundation

/// Commands that have lost both their runner and their guard.
enum LeftBehind {
    /// The processes of unfinished attempts of the run in `directory`. Empty where there is no `/proc`.
    static func processes(of directory: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(Int32.init).filter { process in
            guard let file = self.contextFile(of: process), file.hasPrefix(directory + "/") else { return false }
            let attempt = URL(filePath: file).deletingLastPathComponent()
            return FileManager.default.fileExists(
                atPath: attempt.appending(path: CommandLock.mark).path(percentEncoded: false))
        }
    }

    /// Who may not see the environment of a process has not started it, or has given it to another user.
    private static func contextFile(of process: Int32) -> String? {
        guard let file = FileHandle(forReadingAtPath: "/proc/\(process)/environ") else { return nil }
        defer { try? file.close() }
        let bytes = (try? file.readToEnd()) ?? Data()
        let start = Data("\(CommandLock.variable)=".utf8)
        return bytes.split(separator: 0).first { $0.starts(with: start) }
            .map { String(decoding: $0.dropFirst(start.count), as: UTF8.self) }
    }
}
