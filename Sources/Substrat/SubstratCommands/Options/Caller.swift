import Foundation
import SubstratClient
import SubstratProtocol
import Vocabulary

/// Who asks the daemon of a root.
struct Caller {
    let place: DaemonPlace

    init(_ place: DaemonPlace) {
        self.place = place
    }

    /// Connects to the daemon for as long as `body` takes.
    func connected<Answer>(
        _ body: (SubstratConnection) async throws(ClientError) -> Answer
    ) async throws(CommandFailure) -> Answer {
        do throws(ClientError) {
            let connection = try await SubstratConnection.connect(to: self.place)
            do throws(ClientError) {
                let answer = try await body(connection)
                await connection.close()
                return answer
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Asks for one thing.
    func ask(
        _ method: String, _ params: JSONObject = [:], timeout: Duration = SubstratConnection.callTimeout
    ) async throws(CommandFailure) -> JSONValue {
        try await self.connected { (connection) throws(ClientError) in
            try await connection.call(method, params, timeout: timeout)
        }
    }
}

extension DaemonPlace {
    /// The place that `root` (an option) or the environment says, with an absolute path.
    init(root: String?) {
        let environment = ProcessInfo.processInfo.environment
        let place = DaemonPlace(asked: root) { name in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
        var path = URL(filePath: place.root, relativeTo: here).standardizedFileURL.path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.init(path)
    }
}
