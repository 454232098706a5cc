import DurableFiles
import Simulator
import Synchronization
import Testing
import TrailsContexts
import Vocabulary

let cheap = PassphraseCost(passes: 1, memory: 8_192)
let secret = "open sesame"
let appID = AppID("550e8400-e29b-41d4-a716-446655440000")!
let createdAt = Timestamp("2025-02-25T22:00:00Z")!
let seed = PrivateSeed(bytes: (0..<32).map { UInt8($0) })!

let sample = Context(
    appID: appID, appName: "nightly-etl", server: "wss://trails.company.com:8443/ws", privateKey: seed, startDay: 55,
    createdAt: createdAt, serverPublicKey: PublicKey(bytes: [UInt8](repeating: 7, count: 32)))

func name(_ text: String) throws -> ContextName { try ContextName(text) }

func root(_ text: String) throws -> ContextID { ContextID(try ContextName(text), .root) }

func kept(_ text: String) throws -> ContextID { ContextID(try ContextName(text), .kept) }

func child(_ number: UInt64) -> Context.Child {
    Context.Child(
        appID: AppID(high: 0x4000 | number << 16, low: 0x8000_0000_0000_0000 | number), appName: "step\(number)")
}

/// A store on a simulated disk, or on any other.
func store(
    _ files: any FileSystem, home: String = "/data/trails", now: Timestamp = createdAt
) -> ContextStore {
    ContextStore(home: home, on: files, patience: .seconds(60), now: { now })
}

/// The error that `body` throws, if it throws one.
func failure(_ body: () throws -> Void) -> ContextError? {
    do {
        try body()
        return nil
    } catch let error as ContextError {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}

extension FileSystem {
    func text(_ path: String) throws -> String {
        String(decoding: try self.read(path, limit: 1 << 22), as: UTF8.self)
    }
}
