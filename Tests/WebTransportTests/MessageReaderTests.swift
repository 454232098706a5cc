import NIOCore
import Testing

@testable import WebTransport

@Suite struct MessageReaderTests {
    /// What a server makes of `bytes` that come in pieces of `size`.
    private func read(
        _ bytes: [UInt8], inPiecesOf size: Int = .max, role: WebSocketRole = .server, limits: WebSocketLimits = .init()
    ) throws -> [MessageReader.Event] {
        var reader = MessageReader(role: role, limits: limits)
        var events: [MessageReader.Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var piece = ByteBuffer(bytes: rest.prefix(size))
            rest = rest.dropFirst(size)
            while let event = try reader.next(from: &piece) { events.append(event) }
            #expect(piece.readableBytes == 0)
        }
        return events
    }

    private func violation(_ bytes: [UInt8], limits: WebSocketLimits = .init()) -> UInt16? {
        do {
            _ = try self.read(bytes, limits: limits)
            return nil
        } catch {
            return (error as? ProtocolViolation)?.code
        }
    }

    @Test func `reads the same from pieces of any size`() throws {
        let long = [UInt8](repeating: 0x61, count: 70_000)
        let bytes =
            frame(0x81, Array("hello".utf8)) + frame(0x01, Array("gr".utf8)) + frame(0x89, [1, 2, 3])
            + frame(0x80, Array("üße".utf8)) + frame(0x82, Array(long.prefix(300))) + frame(0x81, long)
            + frame(0x82, []) + frame(0x88, [0x03, 0xE8] + Array("bye".utf8))
        let whole: [MessageReader.Event] = [
            .text(ByteBuffer(string: "hello")), .ping(ByteBuffer(bytes: [1, 2, 3])), .text(ByteBuffer(string: "grüße")),
            .binary(ByteBuffer(bytes: long.prefix(300))), .text(ByteBuffer(bytes: long)), .binary(ByteBuffer()),
            .close(code: 1000, reason: "bye"),
        ]
        for size in [Int.max, 1, 2, 3, 5, 7, 13, 64, 1_000] {
            #expect(try self.read(bytes, inPiecesOf: size) == whole, "pieces of \(size)")
        }
    }

    @Test func `counts a message over the own limit, and keeps nothing of it`() throws {
        let limits = WebSocketLimits(messageMax: 10, frameWall: 100)
        let bytes =
            frame(0x81, Array("0123456789".utf8)) + frame(0x82, [UInt8](repeating: 7, count: 11))
            + frame(0x01, [UInt8](repeating: 0xFF, count: 6)) + frame(0x80, [UInt8](repeating: 0xFF, count: 6))
            + frame(0x81, Array("next".utf8))
        let events = try self.read(bytes, inPiecesOf: 4, limits: limits)
        #expect(
            events == [
                .text(ByteBuffer(string: "0123456789")), .oversized(11), .oversized(12),
                .text(ByteBuffer(string: "next")),
            ])
    }

    @Test func `refuses what is over the wall, in one frame or in many`() {
        let limits = WebSocketLimits(messageMax: 10, frameWall: 100)
        #expect(self.violation(frame(0x82, [UInt8](repeating: 7, count: 101)), limits: limits) == 1009)
        let part = [UInt8](repeating: 7, count: 60)
        #expect(self.violation(frame(0x02, part) + frame(0x80, part), limits: limits) == 1009)
        #expect(self.violation(frame(0x02, part) + frame(0x80, Array(part.prefix(40))), limits: limits) == nil)
        // The header is enough: nobody waits for 2^62 bytes.
        #expect(self.violation([0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], limits: limits) == 1009)
    }

    @Test func `refuses a flood of fragments`() {
        let limits = WebSocketLimits(fragmentsMax: 3)
        let three = frame(0x02, []) + frame(0x00, []) + frame(0x00, [])
        #expect(self.violation(three, limits: limits) == nil)
        #expect(self.violation(three + frame(0x00, []), limits: limits) == 1008)
    }

    @Test(arguments: [
        ("unmasked", frame(0x81, [1], mask: nil)), ("RSV1", frame(0xC1, [1])), ("RSV2", frame(0xA1, [1])),
        ("RSV3", frame(0x91, [1])), ("opcode 3", frame(0x83, [1])), ("opcode 11", frame(0x8B, [1])),
        ("fragmented ping", frame(0x09, [1])), ("long ping", frame(0x89, [UInt8](repeating: 0, count: 126))),
        ("continuation of nothing", frame(0x80, [1])), ("message in a message", frame(0x01, [1]) + frame(0x81, [1])),
        ("close of one byte", frame(0x88, [3])), ("close 999", frame(0x88, [0x03, 0xE7])),
        ("close 1005", frame(0x88, [0x03, 0xED])), ("close 1006", frame(0x88, [0x03, 0xEE])),
        ("close 5000", frame(0x88, [0x13, 0x88])), ("long length for 5", [0x82, 0xFE, 0, 5, 1, 2, 3, 4]),
        ("longer length for 300", [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 1, 44, 1, 2, 3, 4]),
        ("length with the highest bit", [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
    ])
    func `takes these for protocol errors`(name: String, bytes: [UInt8]) {
        #expect(self.violation(bytes) == 1002, "\(name)")
    }

    @Test func `a client refuses masked frames, and takes plain ones`() throws {
        #expect(throws: ProtocolViolation.self) { try self.read(frame(0x81, [0x61]), role: .client) }
        let events = try self.read(frame(0x81, [0x61], mask: nil), role: .client)
        #expect(events == [.text(ByteBuffer(string: "a"))])
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3],
            [0xE2, 0x82],
            [0xF0, 0x9F, 0x98], [0x61, 0x80], [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x98, 0x28],
            [UInt8](repeating: 0x61, count: 15) + [0x80],
        ] as [[UInt8]])
    func `refuses text that is not UTF-8`(bytes: [UInt8]) {
        #expect(self.violation(frame(0x81, bytes)) == 1007)
        #expect(self.violation(frame(0x88, [0x03, 0xE8] + bytes)) == 1007)
        #expect(self.violation(frame(0x82, bytes)) == nil)
    }

    @Test func `agrees with the standard library on what is UTF-8`() {
        var random = SystemRandomNumberGenerator()
        let interesting: [UInt8] = [
            0x00, 0x61, 0x7F, 0x80, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0x9F, 0xA0, 0xF0, 0xF4, 0x8F, 0x90,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                interesting.randomElement(using: &random) ?? 0
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(ByteBuffer(bytes: bytes).isValidUTF8 == expected, "\(bytes)")
        }
    }
}
