import Testing
import TrailsCore

/// spec/trails.md §3, written out. `-` nothing changes, `x` cannot happen, `back` what it was before.
private let table = """
    happening               none  sched  conn  run   recon lost  done error canc kill failed crash
    declared                sched -      -     -     -     -     -    -     -    -    -      -
    registered              conn  conn   conn  conn  conn  conn  conn conn  x    x    conn   conn
    reregistered            x     x      -     -     back  back  -    -     -    -    -      back
    status                  x     x      run   run   -     -     -    -     -    -    -      -
    result                  x     x      done  done  done  done  -    -     -    -    -      done
    error                   x     x      error error error error -    -     -    -    -      error
    start_deadline_passed   x     failed -     -     -     -     -    -     -    -    -      -
    withdrawn               x     canc   x     x     x     x     x    x     x    x    x      x
    connection_dropped      x     -      recon recon -     -     -    -     -    -    -      -
    reconnect_window_passed x     -      -     -     crash -     -    -     -    -    -      -
    keepalive_missed        x     -      crash crash -     -     -    -     -    -    -      -
    server_restarted        x     -      recon recon recon -     -    -     -    -    -      -
    restart_window_passed   x     -      -     -     lost  -     -    -     -    -    -      -
    lease_ended             x     -      lost  lost  -     -     -    -     -    -    -      -
    cancel_acknowledged     x     canc   canc  canc  canc  canc  -    -     -    -    -      -
    cancel_unacknowledged   x     canc   canc  canc  canc  canc  -    -     -    -    -      -
    grace_ran_out           x     kill   kill  kill  kill  kill  -    -     -    -    -      -
    left_completed          x     -      done  done  -     -     -    -     -    -    -      -
    left_detached           x     -      -     -     -     -     -    -     -    -    -      -
    key_revoked             x     lost   lost  lost  lost  lost  -    -     -    -    -      -
    """

private let words: [String: AppStatus] = [
    "sched": .scheduled, "conn": .connected, "run": .running, "recon": .reconnecting, "lost": .lostContact,
    "done": .done, "error": .error, "canc": .cancelled, "kill": .forceKilled, "failed": .startFailed,
    "crash": .crashed,
]

@Suite struct `The table of what an app can become` {
    @Test func `says for every status and happening what is written here`() throws {
        let rows = table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let columns = rows[0].dropFirst().map { words[$0] }
        #expect(columns == [nil] + AppStatus.allCases.map(Optional.some))
        #expect(rows.dropFirst().map { $0[0] } == Lifecycle.Happening.allCases.map(\.rawValue))

        for row in rows.dropFirst() {
            let happening = try #require(Lifecycle.Happening(rawValue: row[0]))
            for (status, cell) in zip(columns, row.dropFirst()) {
                let step = Lifecycle.step(from: status, on: happening)
                #expect(step == expected(cell), "\(happening) comes to \(status?.rawValue ?? "nobody")")
            }
        }
    }

    @Test func `counts each status as live, ended, terminal and fenced as the words say`() {
        let live: Set<AppStatus> = [.scheduled, .connected, .running, .reconnecting, .lostContact]
        let terminal: Set<AppStatus> = [.done, .error, .cancelled, .forceKilled, .startFailed]
        for status in AppStatus.allCases {
            #expect(status.isLive == live.contains(status))
            #expect(status.isTerminal == terminal.contains(status))
            #expect(status.isEnded == (terminal.contains(status) || status == .crashed))
            #expect(status.isFenced == (status == .cancelled || status == .forceKilled))
        }
    }

    private func expected(_ cell: String) -> Lifecycle.Step? {
        switch cell {
        case "-": .unchanged
        case "x": .refused
        case "back": .restored
        default: words[cell].map(Lifecycle.Step.to)
        }
    }
}
