import DurableFiles
import Simulator
import Testing
import TrailsContexts

@Suite struct `The config file` {
    let disk = FaultyFileSystem()

    func config(_ text: String) throws -> Config {
        try AtomicFile.replace("/data/config.yml", with: Array(text.utf8), on: self.disk)
        return try Config.read(home: "/data", on: self.disk)
    }

    @Test func `may be missing, empty or all comments`() throws {
        #expect(try Config.read(home: "/data", on: self.disk) == Config())
        #expect(try self.config("") == Config())
        #expect(try self.config("# server: x\n\n  # y\n") == Config())
    }

    @Test func `says what is preferred, and warns of what it does not know`() throws {
        let config = try self.config(
            "server: wss://t/ws\nsec_level: full\ncolor: never\nlease: 5m\ncolour: always\n")
        #expect(config.server == "wss://t/ws" && config.securityLevel == .full)
        #expect(config.color == .never && config.lease == .seconds(300))
        #expect(config.warnings == ["/data/config.yml, line 5: \"colour\" is not a preference and has no effect"])
    }

    @Test(arguments: ["color: red", "lease: soon", "sec_level: top", "server: [a]", "a: 1\na: 2", "x"])
    func `is refused with its line`(text: String) throws {
        let error = failure { _ = try self.config(text) }
        #expect(error?.code == .broken && error?.line == 1)
    }

    @Test func `may be read by others, but not written`() throws {
        _ = try self.config("color: never\n")
        try self.disk.setMode("/data/config.yml", permissions: Permissions(rawValue: 0o644))
        #expect(try Config.read(home: "/data", on: self.disk).color == .never)
        try self.disk.setMode("/data/config.yml", permissions: Permissions(rawValue: 0o664))
        #expect(throws: ContextError.self) { try Config.read(home: "/data", on: self.disk) }
    }
}
