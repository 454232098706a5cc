// A program that does not outlive who started it.
//
//     runner ──orders──► guard ──► program ──► what it starts
//            ◄─reports──  │  `── wherever these go, they come back to the guard as orphans
//                         `── holds a lock of the runner, as long as one of them is there
//
// The guard is a fork of the runner in a session of its own, and does nothing but what this file says. When the runner
// ends, however it ends, the orders end: everything the program started gets SIGTERM, and after a grace SIGKILL, until
// nothing of it is left.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// What to start. Everything stays the caller's.
struct guard_request {
    /// The program, found by PATH, and its arguments; then NULL.
    char *const *command;
    /// All of it; then NULL.
    char *const *environment;
    /// NULL for that of the caller.
    const char *directory;
    /// Become the three standard descriptors.
    int input, output, errors;
    /// Open in the guard as long as it lives, for a lock; -1 for none.
    int hold;
    /// From SIGTERM to SIGKILL when the runner is gone.
    int grace_milliseconds;
    /// What lists of processes call the guard.
    const char *name;
};

struct guard_handle {
    pid_t guard;
    /// The program, and the number of its group and session.
    pid_t program;
    /// Takes orders; its end is the end of the runner.
    int orders;
    /// Gives reports.
    int reports;
};

/// To whom a signal goes, and which; written as one piece.
struct guard_order {
    uint8_t scope;
    uint8_t number;
};

enum {
    /// The group of the program.
    guard_scope_group = 'g',
    /// Everything that descends from the program, wherever it went.
    guard_scope_all = 'a',
    /// Nobody: the guard ends, and what is left goes on.
    guard_scope_none = 'n',
};

/// Read as one piece.
struct guard_report {
    int32_t kind;
    int32_t value;
};

enum {
    guard_report_started = 1,
    /// `value` is an errno.
    guard_report_failed = 2,
    /// `value` is a status as of waitpid(2).
    guard_report_ended = 3,
    /// The program has ended, and nothing is left of what the last order was meant for: its group, or all.
    guard_report_quiet = 4,
};

/// Starts a program under a guard. Answers 0, or an errno.
int guard_start(const struct guard_request *request, struct guard_handle *handle);
