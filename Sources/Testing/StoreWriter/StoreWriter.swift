import Foundation
import TestKit
import TrailsCore
import TrailsStoreSQLite
import Vocabulary

/// Commits messages one by one and says each number once its commit is safe, until it is killed.
///
/// `store-writer FILE [COUNT]`: the file is made if need be; with a count it ends by itself.
@main
struct StoreWriter {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else {
            FileHandle.standardError.write(Data("usage: store-writer FILE [COUNT]\n".utf8))
            exit(64)
        }
        let driver = try TreeDriver { try SQLiteTrailsStore.open(arguments[1]) }
        if driver.tree.apps.isEmpty { try driver.register(1, under: nil) }
        let app = TreeDriver<SQLiteTrailsStore>.id(1)
        let next = try driver.store.sequence(of: app, incarnation: 1).highest + 1
        let last = arguments.count > 2 ? next + (Int64(arguments[2]) ?? 0) : .max
        for seq in next..<last {
            try driver.report(1, .status, seq: seq, payload: "\(seq)")
            FileHandle.standardOutput.write(Data("\(seq)\n".utf8))
        }
        driver.store.close()
    }
}
