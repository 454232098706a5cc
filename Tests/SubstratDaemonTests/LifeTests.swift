import DurableFiles
import Foundation
import SubstratClient
import SubstratDaemon
import SubstratProtocol
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(5))) struct `A daemon` {
    @Test func `keeps its root, its socket and its files from all others`() async throws {
        let scene = Scene()
        try FileManager.default.createDirectory(
            atPath: scene.place.root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try await scene.run {
            #expect(scene.permissions(scene.place.root) == 0o700)
            #expect(scene.permissions(scene.place.socket) == 0o600)
            #expect(scene.permissions(scene.place.pid) == 0o600)
            #expect(scene.permissions(scene.place.lock) == 0o600)
        }
    }

    @Test func `says who it is, in its files and when it is asked`() async throws {
        let scene = Scene()
        let pid = ProcessInfo.processInfo.processIdentifier
        try await scene.run {
            #expect(try String(contentsOfFile: scene.place.pid, encoding: .utf8) == "\(pid)\n")
            let connection = try await scene.connect()
            #expect(try await connection.call("ping") == ["status": "ok", "pid": .integer(Int64(pid))])
            let status = try await connection.call("daemon.status")
            #expect(status["version"] == "1.2.3" && status["service"] == "echo" && status["last_shutdown"] == "none")
            #expect(status["started_at"] == "1970-01-01T00:00:00Z", "\(status.text)")
            await connection.close()
        }
    }

    @Test func `is the only one on its root, and the second says who has it`() async throws {
        let scene = Scene()
        let pid = ProcessInfo.processInfo.processIdentifier
        try await scene.run {
            let refusal = await #expect(throws: DaemonError.self) { try await scene.run {} }
            #expect(refusal?.code == .alreadyRunning)
            #expect(refusal?.message == "daemon already running (pid \(pid))")
            let connection = try await scene.connect()
            #expect(try await connection.call("ping")["status"] == "ok")
            await connection.close()
        }
    }

    @Test func `starts over what a killed one has left`() async throws {
        let scene = Scene()
        try await scene.run {}
        #expect(scene.has(scene.place.cleanShutdown) && scene.has(scene.place.lock))
        #expect(!scene.has(scene.place.socket) && !scene.has(scene.place.pid))
        let inode = try FileManager.default.attributesOfItem(atPath: scene.place.lock)[.systemFileNumber] as? Int
        // As kill -9 leaves it: no mark of a clean end, a pid, and a socket that nobody listens on.
        try FileManager.default.removeItem(atPath: scene.place.cleanShutdown)
        try "4194305\n".write(toFile: scene.place.pid, atomically: false, encoding: .utf8)
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = RawSocket.address(scene.place.socket)
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0)
            }
        }
        close(socket)
        try await scene.run {
            let connection = try await scene.connect()
            #expect(try await connection.call("daemon.status")["last_shutdown"] == "unclean")
            await connection.close()
            #expect(!scene.has(scene.place.cleanShutdown))
            let now = try FileManager.default.attributesOfItem(atPath: scene.place.lock)[.systemFileNumber] as? Int
            #expect(now == inode)
        }
        try await scene.run {
            let connection = try await scene.connect()
            #expect(try await connection.call("daemon.status")["last_shutdown"] == "clean")
            // A crash from here on is none that a clean end came after.
            #expect(!scene.has(scene.place.cleanShutdown))
            await connection.close()
        }
    }

    @Test func `does not remove a file that is in the place of its socket`() async throws {
        let scene = Scene()
        try FileManager.default.createDirectory(atPath: scene.place.root, withIntermediateDirectories: true)
        try "precious".write(toFile: scene.place.socket, atomically: false, encoding: .utf8)
        await #expect(throws: DaemonError.self) { try await scene.run {} }
        #expect(try String(contentsOfFile: scene.place.socket, encoding: .utf8) == "precious")
    }

    @Test func `says when the path of its socket is too long for the system`() async throws {
        let place = DaemonPlace("/tmp/" + String(repeating: "long", count: 30))
        let refusal = #expect(throws: DaemonError.self) { try DaemonHome.take(place, on: POSIXFileSystem()) }
        #expect(refusal?.message.contains("the path of the socket has 137 bytes") == true, "\(refusal as Any)")
        #expect(!FileManager.default.fileExists(atPath: place.root))
    }

    @Test func `that stops finishes what it has begun, and takes nothing new`() async throws {
        let scene = Scene()
        let (answers, answering) = AsyncStream<JSONValue>.makeStream()
        let (ends, ending) = AsyncStream<ClientError?>.makeStream()
        let connection = Task<SubstratConnection, any Error> {
            try await scene.run {
                let connection = try await scene.connect()
                let asking = Task { answering.yield(try await connection.call("hold")) }
                await scene.service.wait { running, _ in running == 1 }
                ending.yield(nil)
                _ = asking
            }
            return try await scene.connect()
        }
        for await _ in ends { break }
        // The end of the daemon lets go of what holds; its answer comes before the connection closes.
        for await answer in answers {
            #expect(answer == "let go")
            break
        }
        await #expect(throws: ClientError.notRunning(socket: scene.place.socket)) { try await connection.value }
        #expect(scene.has(scene.place.cleanShutdown))
    }
}

@Suite(.timeLimit(.minutes(5))) struct `A client` {
    @Test func `says that no daemon runs`() async throws {
        let scene = Scene()
        await #expect(throws: ClientError.notRunning(socket: scene.place.socket)) { try await scene.connect() }
        #expect(ClientError.notRunning(socket: "/s").message == "daemon not running")
    }

    @Test func `does not wait longer than it says`() async throws {
        let scene = Scene()
        try await scene.run {
            let connection = try await scene.connect()
            await #expect(throws: ClientError.timedOut) {
                try await connection.call("hold", timeout: .milliseconds(20))
            }
            #expect(try await connection.call("echo") == [:])
            await connection.close()
        }
    }

    @Test func `hears what the daemon refuses`() async throws {
        let scene = Scene()
        try await scene.run {
            let connection = try await scene.connect()
            await #expect(throws: ClientError.refused(.unknownMethod("fly"))) { try await connection.call("fly") }
            await connection.close()
        }
    }

    @Test func `hears the end of the daemon`() async throws {
        let scene = Scene()
        let (connections, connecting) = AsyncStream<SubstratConnection>.makeStream()
        try await scene.run { connecting.yield(try await scene.connect()) }
        for await connection in connections {
            await #expect(throws: ClientError.connectionLost) { try await connection.call("echo") }
            break
        }
    }

    @Test(arguments: ["nonsense\n", "{\"id\":1}\n", "[]\n"])
    func `is not taken in by a program that is no daemon`(words: String) async throws {
        let scene = Scene()
        try FileManager.default.createDirectory(atPath: scene.place.root, withIntermediateDirectories: true)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = RawSocket.address(scene.place.socket)
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0)
            }
        }
        listen(listener, 1)
        let talker = Thread {
            let client = accept(listener, nil, nil)
            var block = [UInt8](repeating: 0, count: 1_000)
            _ = recv(client, &block, block.count, 0)
            _ = send(client, words, words.utf8.count, Int32(MSG_NOSIGNAL))
            _ = recv(client, &block, block.count, 0)
            close(client)
        }
        talker.start()
        let connection = try await scene.connect()
        await #expect(throws: ClientError.invalidResponse) { try await connection.call("echo") }
        await connection.close()
    }
}
