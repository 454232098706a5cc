import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct `The bash pipeline` {
    static let folder = "examples/bash-pipeline"

    /// The listings of the seed, copied, by heading.
    static func listing(_ heading: String) throws -> String {
        let text = try Repository.here.text(of: "Tests/Fixtures/cron-listings.md")
        let start = try #require(text.firstRange(of: "\(heading)\n\n```bash\n")).upperBound
        let end = try #require(text[start...].firstRange(of: "```\n")).lowerBound
        return String(text[start..<end])
    }

    @Test(arguments: [
        ("## Cron Pattern", "nightly_etl_contexts.sh"), ("### Cron Pattern (Simplified)", "nightly_etl.sh"),
    ])
    func `has the cron scripts to the letter`(heading: String, file: String) throws {
        let listing = try Self.listing(heading)
        #expect(listing.hasPrefix("#!/bin/bash\n# nightly_etl.sh"))
        #expect(try Repository.here.text(of: "\(Self.folder)/\(file)") == listing)
    }

    /// Runs the stand-in for kubectl with `input`, its pod running `pod`; gives its end and the pod's log.
    static func kubectl(_ arguments: [String], input: String, pod: String = "env") throws -> (ProcessEnd, log: String) {
        let logs = FileManager.default.temporaryDirectory.appending(path: "cairn-pods-\(UUID())")
        defer { try? FileManager.default.removeItem(at: logs) }
        let stub = Repository.here.root.appending(path: "\(Self.folder)/bin/kubectl").path(percentEncoded: false)
        let script = """
            printf %s "$INPUT" | "$0" "$@" 2>&1 || exit
            for i in $(seq 1000); do grep -qsx END "$TRAILS_STUB_LOG"/* && exit 0; sleep 0.02; done; exit 9
            """
        let end = try run(
            [
                "env", "TRAILS_STUB_LOG=\(logs.path(percentEncoded: false))", "KUBECTL_STUB_CMD=\(pod); echo END",
                "TRAILS_PRIVATE_KEY=secret", "INPUT=\(input)", "bash", "-c", script, stub,
            ] + arguments)
        guard end.code == 0 else { return (end, "") }
        let file = try #require(try FileManager.default.contentsOfDirectory(atPath: logs.path).first)
        return (end, "\(file)\n\(try String(contentsOf: logs.appending(path: file), encoding: .utf8))")
    }

    static let info = Data(
        #"{"appId":"661f9511-f30c-42e5-b827-557766551111","appName":"extract","tags":{"appName":"x"},"v":1}"#.utf8
    ).base64EncodedString()

    @Test func `starts a pod with its own TRAILS_INFO and not its parent's key`() throws {
        let (end, log) = try Self.kubectl(["run", "..."], input: Self.info + "\n")
        #expect(end.output == "pod/extract created\n")
        #expect(log.hasPrefix("extract-661f9511.log\n"))
        #expect(log.contains("TRAILS_INFO=\(Self.info)\n"))
        #expect(!log.contains("TRAILS_PRIVATE_KEY"))
    }

    @Test func `starts a pod in a session of its own`() throws {
        let (_, log) = try Self.kubectl(
            ["run", "step"], input: Self.info, pod: "cut -d ' ' -f 6 /proc/self/stat; cut -d ' ' -f 6 /proc/$PPID/stat")
        let sessions = log.split(separator: "\n").dropFirst().prefix(2)
        #expect(log.hasPrefix("step-661f9511.log\n"))
        #expect(Set(sessions).count == 2 || sessions.first == "0")
    }

    @Test(arguments: [
        (["run", "..."], "", "no TRAILS_INFO on standard input"),
        (["run", "..."], "not base64!", "standard input is not base64"),
        (["run", "..."], "e30=", "standard input is no TRAILS_INFO: it names no appId"),
        (["get", "pods"], "e30=", "\"get\" is not known"),
    ])
    func `refuses to start a pod without an identity`(arguments: [String], input: String, complaint: String) throws {
        let (end, _) = try Self.kubectl(arguments, input: input)
        #expect(end.code == 1)
        #expect(end.output.hasPrefix("kubectl (stub): error: \(complaint)\nkubectl (stub): hint: "))
    }
}

@Suite(.timeLimit(.minutes(10))) struct `The man pages` {
    @Test func `are one for each command, safe for troff`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-man-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = Repository.here.root.appending(path: "scripts/man-pages").path(percentEncoded: false)
        let help = """
            {"serializationVersion": 0, "command": {"commandName": "t", "abstract": "Grows.",
             "discussion": ".so is no request\\n\\n    as it is", "subcommands": [
              {"commandName": "help", "shouldDisplay": true}, {"commandName": "secret", "shouldDisplay": false},
              {"commandName": "run", "abstract": "Runs.", "shouldDisplay": true, "arguments": [
               {"kind": "option", "names": [{"kind": "long", "name": "dry-run"}], "isOptional": true,
                "isRepeating": false, "shouldDisplay": true, "valueName": "d", "abstract": "A \\\\ b."}]}]}}
            """
        let folderPath = folder.path(percentEncoded: false)
        let pipe = "printf %s \"$HELP\" | \"$0\" 1 \"$1\""
        let end = try run(["env", "HELP=\(help)", "bash", "-c", pipe, script, folderPath])
        #expect(end.code == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folderPath).sorted() == ["t-run.1", "t.1"])
        let top = try String(contentsOf: folder.appending(path: "t.1"), encoding: .utf8)
        #expect(top.contains("\n\\&.so is no request\n.PP\n.nf\n    as it is\n.fi\n"))
        #expect(top.contains(".SH SEE ALSO\n\\fBt\\-run\\fR(1)\n"))
        let run = try String(contentsOf: folder.appending(path: "t-run.1"), encoding: .utf8)
        #expect(run.contains("\\fBt run\\fR [\\fB\\-\\-dry\\-run\\fR \\fId\\fR]"))
        #expect(run.contains("A \\e b."))
    }
}

@Suite struct `The systemd units` {
    static let units = Repository.here.files(in: "deploy/systemd") {
        $0.hasSuffix(".timer") || $0.hasSuffix(".service")
    }

    @Test func `keep timers and services apart`() throws {
        #expect(Self.units.count == 7)
        for path in Self.units {
            let sections = try Repository.here.text(of: path).matches(of: /(?m)^\[(\w+)\]/).map { String($0.1) }
            #expect(sections.contains(path.hasSuffix(".timer") ? "Timer" : "Service"), "\(path)")
            #expect(!sections.contains(path.hasSuffix(".timer") ? "Service" : "Timer"), "\(path)")
            if path.hasSuffix(".timer") {
                #expect(Self.units.contains(path.replacing(".timer", with: ".service")), "\(path)")
            }
        }
    }
}
