import Foundation
import ProgramKit
import SubstratClient
import SubstratDaemon
import SubstratProtocol
import TestKit
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(5))) struct `A server on a socket` {
    @Test func `answers at the end of the line, without waiting for the end of the connection`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                for number in 1...3 {
                    socket.say(#"{"id":\#(number),"method":"echo","params":{"a":"ёж"}}"# + "\n")
                    #expect(socket.hear() == #"{"id":\#(number),"result":{"a":"ёж"}}"#)
                }
            }
        }
    }

    @Test func `takes the end of the connection for the end of a request, and still answers`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                socket.say(#"{"id":"a","method":"echo"}"#)
                socket.endSaying()
                #expect(socket.hear() == #"{"id":"a","result":{}}"#)
                #expect(socket.hear() == nil)
            }
        }
    }

    @Test func `answers what is asked on one connection side by side`() async throws {
        let scene = Scene()
        try await scene.run {
            let connection = try await scene.connect()
            async let held = connection.call("hold")
            await scene.service.wait { running, _ in running == 1 }
            #expect(try await connection.call("echo", ["n": 1]) == ["n": 1])
            scene.service.letGo()
            #expect(try await held == "let go")
            await connection.close()
        }
    }

    @Test func `answers ten thousand requests that come at once`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                let lines = (0..<10_000).map { RPCRequest(id: .integer($0), method: "ping").line }
                let writer = Thread { socket.say(Array(lines.joined())) }
                writer.start()
                var ids: Set<Int64> = []
                for _ in lines {
                    let reply = try #require(socket.hear().flatMap { RPCReply(Array($0.utf8)) })
                    ids.insert(reply.id.integer ?? -1)
                }
                #expect(ids == Set(0..<10_000))
            }
        }
    }

    @Test func `reads no more from a client when enough of it is under way`() async throws {
        let scene = Scene()
        var options = ServerOptions()
        options.callsMax = 8
        try await scene.run(options) {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                let padding = String(repeating: "x", count: 1_024)
                let lines = (0..<400).map { number in
                    RPCRequest(id: .integer(number), method: "hold", params: ["x": .string(padding)]).line
                }
                let writer = Thread { socket.say(Array(lines.joined())) }
                writer.start()
                let opener = Thread {
                    // Long enough for most of the 400, if they were read.
                    usleep(1_000_000)
                    scene.service.letGo()
                }
                opener.start()
                for _ in lines { #expect(socket.hear() != nil) }
            }
            // One read may bring 64 KiB.
            #expect(scene.service.runningMax <= 80, "\(scene.service.runningMax)")
        }
    }

    @Test func `streams with the id of the request, in order, to the end`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                socket.say(#"{"id":"s","method":"count","params":{"to":2}}"# + "\n")
                #expect(socket.hear() == #"{"id":"s","chunk":"1"}"#)
                #expect(socket.hear() == #"{"id":"s","chunk":"2"}"#)
                #expect(socket.hear() == #"{"id":"s","done":true}"#)
            }
            let connection = try await scene.connect()
            var heard = ""
            try await connection.stream("count", ["to": 100], timeout: nil) {
                if case .chunk(let text) = $0 { heard += text }
            }
            #expect(heard == (1...100).map { "\($0)" }.joined())
            await connection.close()
        }
    }

    @Test func `says what is wrong with a line, and takes the next`() async throws {
        let scene = Scene()
        var options = ServerOptions()
        options.frameMax = .bytes(1_000)
        try await scene.run(options) {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                let wrong: [(line: [UInt8], code: RPCError.Code)] = [
                    (Array("[]".utf8), .invalid), (Array("null".utf8), .invalid), (Array("{".utf8), .invalid),
                    ([0xFF, 0x00], .invalid), (Array(repeating: UInt8(ascii: "x"), count: 5_000), .invalid),
                    (Array(#"{"id":1,"method":"fly"}"#.utf8), .unknownMethod),
                    (Array(#"{"id":1,"method":"ping","params":null}"#.utf8), .invalid),
                    (Array(#"{"id":1,"method":"ping","params":{"a":1}}"#.utf8), .invalid),
                    (Array(#"{"id":1,"method":"count","params":{"to":"x"}}"#.utf8), .invalid),
                ]
                for (line, code) in wrong {
                    socket.say(line + [UInt8(ascii: "\n")])
                    let reply = try #require(socket.hear().flatMap { RPCReply(Array($0.utf8)) })
                    guard case .error(let error) = reply.body else {
                        Issue.record("\(line): \(reply)")
                        continue
                    }
                    #expect(error.code == code, "\(error.message)")
                    socket.say(#"{"id":"next","method":"echo"}"# + "\n")
                    #expect(socket.hear() == #"{"id":"next","result":{}}"#)
                }
            }
        }
    }

    @Test func `outlives clients that say anything, and go away at any time`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                var dice = SplitMix64(seed: 3)
                for _ in 0..<200 {
                    let socket = try RawSocket(scene.place.socket)
                    let whole = RPCRequest(id: 1, method: dice.pick(["echo", "count", "watch"])).line
                    var bytes = (0..<Int.random(in: 0...3, using: &dice)).flatMap { _ in whole }
                    bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &dice)))
                    bytes += (0..<Int.random(in: 0...40, using: &dice)).map { _ in
                        .random(in: 0...255, using: &dice)
                    }
                    socket.say(bytes)
                }
            }
            let connection = try await scene.connect()
            #expect(try await connection.call("ping")["status"] == "ok")
            await connection.close()
        }
        await scene.service.wait { running, _ in running == 0 }
    }

    @Test func `does what was asked when the client has gone`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                socket.say(RPCRequest(id: 1, method: "hold").line)
            }
            await scene.service.wait { running, _ in running == 1 }
            scene.service.letGo()
            await scene.service.wait { _, ended in ended == 1 }
        }
    }

    @Test func `ends a stream without an end when nobody hears it`() async throws {
        let scene = Scene()
        try await scene.run {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                socket.say(RPCRequest(id: 1, method: "watch").line)
                socket.say(RPCRequest(id: 2, method: "echo").line)
                #expect(socket.hear()?.contains(#""id":2"#) == true)
            }
            await scene.service.wait { running, ended in running == 0 && ended == 2 }
        }
    }

    @Test func `drops a client that does not read what it asked for`() async throws {
        let scene = Scene()
        var options = ServerOptions()
        options.waitingMax = .kibibytes(512)
        try await scene.run(options) {
            let socket = try await onThread {
                let socket = try RawSocket(scene.place.socket)
                socket.say(#"{"id":"s","method":"count","params":{"to":100000}}"# + "\n")
                return socket
            }
            await scene.service.wait { _, ended in ended == 1 }
            try await onThread {
                while let line = socket.hear() { #expect(!line.contains("done")) }
            }
        }
    }

    @Test func `does not wait for ever for the end of a request, or for the next`() async throws {
        let scene = Scene()
        var options = ServerOptions()
        options.requestTimeout = .milliseconds(50)
        try await scene.run(options) {
            try await onThread {
                let socket = try RawSocket(scene.place.socket)
                socket.say(#"{"id":1,"#)
                #expect(socket.hear()?.contains("the request did not end within") == true)
                #expect(socket.hear() == nil)
            }
        }
        let idle = Scene()
        options = ServerOptions()
        options.idleTimeout = .milliseconds(50)
        try await idle.run(options) {
            try await onThread {
                let socket = try RawSocket(idle.place.socket)
                #expect(socket.hear() == nil)
            }
        }
    }

    @Test func `turns away more connections than it has room for`() async throws {
        let scene = Scene()
        var options = ServerOptions()
        options.connectionsMax = 2
        try await scene.run(options) {
            try await onThread {
                let first = try RawSocket(scene.place.socket)
                let second = try RawSocket(scene.place.socket)
                for socket in [first, second] {
                    socket.say(RPCRequest(id: 1, method: "ping").line)
                    #expect(socket.hear() != nil)
                }
                let third = try RawSocket(scene.place.socket)
                third.say(RPCRequest(id: 1, method: "ping").line)
                #expect(third.hear() == nil)
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be another user as well"))
    func `is not there for other users`() async throws {
        let scene = Scene()
        try await scene.run {
            // As if somebody had opened the folder and the socket to all.
            chmod(scene.place.root, 0o755)
            chmod(scene.place.socket, 0o666)
            try await onThread {
                let program = try TestProgram([
                    "/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/perl", "-MIO::Socket::UNIX", "-e",
                    """
                    my $s = IO::Socket::UNIX->new($ARGV[0]) or exit 7;
                    $SIG{PIPE} = "IGNORE"; print $s qq({"id":1,"method":"ping"}\\n); $s->flush; print <$s> // "";
                    """, scene.place.socket,
                ])
                #expect(program.waitHere() == 0 && program.output.isEmpty, "\(program.output)")
            }
        }
    }
}
