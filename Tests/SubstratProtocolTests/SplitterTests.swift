import SubstratProtocol
import TestKit
import Testing
import Vocabulary

@Suite struct `The splitter` {
    static let newline = UInt8(ascii: "\n")

    @Test func `finds the same lines however the bytes come`() {
        var dice = SplitMix64(seed: 7)
        for _ in 0..<500 {
            let lines = (0..<Int.random(in: 0...8, using: &dice)).map { _ in
                [UInt8(ascii: "x")]
                    + (0..<Int.random(in: 0...30, using: &dice)).map { _ in
                        let byte = UInt8.random(in: 0...255, using: &dice)
                        return byte == Self.newline ? 0 : byte
                    }
            }
            var bytes = lines.flatMap { $0 + [Self.newline] }[...]
            var splitter = FrameSplitter()
            var found: [FrameSplitter.Frame] = []
            while !bytes.isEmpty {
                let count = Int.random(in: 1...bytes.count, using: &dice)
                found += splitter.feed(Array(bytes.prefix(count)))
                bytes = bytes.dropFirst(count)
            }
            #expect(found == lines.map { .line($0) })
            #expect(!splitter.isInside && splitter.finish() == nil)
        }
    }

    @Test func `takes the end of the connection for the end of a line`() {
        var splitter = FrameSplitter()
        #expect(splitter.feed(Array("a\nb".utf8)) == [.line([97])])
        #expect(splitter.isInside && splitter.finish() == .line([98]))
        #expect(!splitter.isInside)
    }

    @Test func `passes over blank lines`() {
        var splitter = FrameSplitter()
        #expect(splitter.feed(Array("\n \t\r\n{}\r\n\n".utf8)) == [.line(Array("{}\r".utf8))])
    }

    @Test func `says once that a line is too long, keeps nothing of it, and goes on after it`() {
        for cut in 1...12 {
            var splitter = FrameSplitter(frameMax: .bytes(4))
            var bytes = Array("1234\n12345678\nab\n12345\n".utf8)[...]
            var found: [FrameSplitter.Frame] = []
            while !bytes.isEmpty {
                found += splitter.feed(Array(bytes.prefix(cut)))
                bytes = bytes.dropFirst(cut)
            }
            #expect(found == [.line(Array("1234".utf8)), .tooLong, .line(Array("ab".utf8)), .tooLong], "cut \(cut)")
            #expect(!splitter.isInside)
        }
    }

    @Test func `takes lines of 64 MiB`() {
        #expect(FrameSplitter.frameMax == .mebibytes(64))
    }
}
