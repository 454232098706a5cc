import Foundation
import Testing

/// Who makes a key, and from where it may be used.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `The key of a context` {
    @Test(arguments: ["init-app", "register --keep --name"])
    func `is made once, and its recovery code shown once, by many at the same time`(command: String) async throws {
        let server = try await TestServer()
        let end = try await server.run(
            """
            for number in 1 2 3 4 5 6; do
                trails \(command) etl >"$TRAILS_HOME.out$number" & codes="$codes $!"
            done
            for code in $codes; do wait $code; echo "code $?"; done >"$TRAILS_HOME.codes"
            sort "$TRAILS_HOME.codes" | uniq -c | tr -s ' '
            """)
        #expect(end.errors.matches(of: /\n    ([0-9A-Z-]{39})\n/).count == 1, "\(end.errors)")
        let isRoot = command == "init-app"
        #expect(end.output == (isRoot ? " 6 code 0\n" : " 1 code 0\n 5 code 64\n"), "\(end.output)\(end.errors)")
        let kind = isRoot ? "--root" : "--kept"
        #expect(try await server.run("trails tree --as etl \(kind)").code == 0)
    }

    @Test func `is finished by one of many when its making was cut short`() async throws {
        let server = try await TestServer()
        server.kill()
        #expect(try await server.run("trails init-app etl", ["TRAILS_PATIENCE": "0"]).code == 69)
        try await server.start()
        let end = try await server.run("for number in 1 2 3 4; do trails init-app etl & done; wait")
        #expect(end.errors.matches(of: /\n    ([0-9A-Z-]{39})\n/).count == 1, "\(end.errors)")
        #expect(end.output.matches(of: /made the root etl/).count == 1, "\(end.output)")
        #expect(end.output.matches(of: /there is already the root etl/).count == 3, "\(end.output)")
    }

    @Test func `is bound to addresses, narrower only, and by its holder only from inside`() async throws {
        let server = try await TestServer()
        let made = try await server.run(
            """
            trails init-app etl 2>/dev/null >/dev/null
            trails context bind etl --cidr 127.0.0.0/8 10.0.0.0/8 && trails context bind etl --cidr 127.0.0.0/16
            TRAILS_APP=etl trails whoami --json
            """)
        #expect(made.output.contains(/the key of etl \([0-9a-f]{8}\) may be used from 127.0.0.0\/8, 10.0.0.0\/8\n/))
        let id = try #require(made.output.firstMatch(of: /"appId": "([0-9a-f-]{36})"/)?.1)
        let admin = "--admin-key \(server.folder.appending(path: "data").path)/admin.key \(id)"
        let cases: [(String, Int32)] = [
            ("trails context bind etl --cidr 127.0.0.0/8", 77), ("trails context bind etl --cidr 127.0.0.9", 77),
            ("trails context bind etl --cidr 127.0.0.1/8", 64), ("trails context bind etl", 64),
            ("trails context bind none --cidr 127.0.0.1", 64), ("TRAILS_APP=etl trails tree", 0),
            ("trails admin bind \(admin) --cidr 10.0.0.0/8", 0), ("TRAILS_APP=etl trails tree", 77),
            ("trails context bind etl --cidr 10.0.0.0/9", 77), ("trails admin bind \(admin)", 0),
            ("TRAILS_APP=etl trails tree", 0),
        ]
        for (script, code) in cases {
            let end = try await server.run(script)
            #expect(end.code == code, "\(script): \(end.errors)")
        }
    }
}
