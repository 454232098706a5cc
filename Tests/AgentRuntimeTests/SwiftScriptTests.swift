import AgentCore
import AgentRuntime
import Foundation
import ProgramKit
import Testing

/// Programs that are written with `SubstratScript`.
@Suite(.timeLimit(.minutes(5))) struct `A scripted agent in Swift` {
    private let path = TestProgram.built + "script-worker"

    @Test func `lives through its earlier turns when it is started again, and repeats nothing`() async throws {
        let shop = try await Workshop(slots: 1)
        let (a, b) = (try await shop.agent("a", self.path), try await shop.agent("b", self.path))
        let first = try await shop.host.send(a, "say ä")
        #expect(try await shop.host.send(a, "say two").split(separator: " ").first == "12")
        _ = try await shop.host.send(b, "x")
        let last = try await shop.host.send(a, "")
        #expect(first.hasPrefix("5 ") && first.hasSuffix(#" "nobody" is not the name of a child"#), "\(first)")
        #expect(last.hasPrefix("12 ") && last.split(separator: " ")[1] != first.split(separator: " ")[1])
        #expect(try await shop.host.takeOperatorInbox().map(\.text) == ["ä", "two"])
        await shop.host.stop()
    }

    @Test func `that does something else when it lives through a turn again fails and says so`() async throws {
        let shop = try await Workshop(slots: 1)
        let (a, b) = (try await shop.agent("a", self.path), try await shop.agent("b", self.path))
        _ = try await shop.host.send(a, "stray")
        _ = try await shop.host.send(b, "x")
        await #expect { try await shop.host.send(a, "1") } throws: { "\($0)".contains("the first time") }
        await shop.host.stop()
    }

    @Test func `fails a turn with its error, and takes the next`() async throws {
        let shop = try await Workshop()
        let a = try await shop.agent("a", self.path)
        await #expect { try await shop.host.send(a, "fail") } throws: { "\($0)".contains("it was told to fail") }
        #expect(try await shop.host.send(a, "123").hasPrefix("3 "))
        let long = String(repeating: "x", count: 1_000_000)
        #expect(try await shop.host.send(a, long).hasPrefix("1000003 "))
        await shop.host.stop()
    }
}
