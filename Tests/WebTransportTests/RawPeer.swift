import NIOCore
import NIOPosix

/// A TCP client that knows nothing: bytes out, bytes in.
struct RawPeer: Sendable {
    struct Heard: Sendable {
        var bytes: [UInt8] = []
        var isClosed = false

        var text: String { String(decoding: self.bytes, as: UTF8.self) }
    }

    let channel: any Channel
    let heard: Watched<Heard>

    static func connect(port: Int) async throws -> RawPeer {
        let heard = Watched(Heard())
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Ear(heard: heard))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawPeer(channel: channel, heard: heard)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    /// Waits until `count` bytes came or the server closed.
    func bytes(_ count: Int) async -> [UInt8] {
        await self.heard.wait { $0.bytes.count >= count || $0.isClosed }.bytes
    }

    /// Waits until the text so far ends so, or the server closed.
    func text(endingWith end: String) async -> String {
        await self.heard.wait { $0.text.hasSuffix(end) || $0.isClosed }.text
    }

    /// Everything until the server closed.
    func all() async -> Heard {
        await self.heard.wait { $0.isClosed }
    }

    /// Becomes a WebSocket by hand; what is heard begins anew after the server's 101.
    func upgrade(path: String = "/ws") async throws {
        try await self.send(Self.upgradeRequest(path: path))
        let end = Array("\r\n\r\n".utf8)
        await self.heard.wait { $0.bytes.firstRange(of: end) != nil || $0.isClosed }
        self.heard.change { heard in
            if let head = heard.bytes.firstRange(of: end) { heard.bytes.removeSubrange(..<head.upperBound) }
        }
    }

    static func upgradeRequest(path: String = "/ws", changing changes: [String: String?] = [:]) -> String {
        var headers = [
            "Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ]
        for (name, value) in changes { headers[name] = value }
        let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        return "GET \(path) HTTP/1.1\r\n\(lines)\r\n"
    }
}

/// A frame of a client, masked with 1, 2, 3, 4.
func frame(_ first: UInt8, _ payload: [UInt8], mask: [UInt8]? = [1, 2, 3, 4]) -> [UInt8] {
    let bit: UInt8 = mask == nil ? 0 : 0x80
    var bytes = [first]
    switch payload.count {
    case ...125: bytes.append(bit | UInt8(payload.count))
    case ...65_535: bytes += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: bytes += [bit | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
}

/// The frames that a server sent, as pairs of first byte and payload; short ones only.
func serverFrames(_ bytes: [UInt8]) -> [(UInt8, [UInt8])] {
    var rest = bytes[...]
    var frames: [(UInt8, [UInt8])] = []
    while rest.count >= 2 {
        let first = rest.removeFirst()
        let count = Int(rest.removeFirst())
        frames.append((first, Array(rest.prefix(count))))
        rest = rest.dropFirst(count)
    }
    return frames
}

private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: Watched<RawPeer.Heard>

    init(heard: Watched<RawPeer.Heard>) {
        self.heard = heard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data).readableBytesView
        self.heard.change { $0.bytes += bytes }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.heard.change { $0.isClosed = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
