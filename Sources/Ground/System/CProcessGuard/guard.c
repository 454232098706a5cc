// The guard is the child of a process with many threads, so it calls nothing but system calls.
#define _GNU_SOURCE
#include "CProcessGuard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descendants.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif

extern char **environ;

// Where the guard keeps what it was given.
enum { place_input = 3, place_output, place_errors, place_orders, place_reports, place_hold, place_end };

static int wake_end = -1;

static void note_child(int number) {
    (void)number;
    int saved = errno;
    ssize_t ignored = write(wake_end, "", 1);
    (void)ignored;
    errno = saved;
}

static int64_t now_milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int closing_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

// The runner's end comes first. A socket: writing to one whose other end is gone must not end the runner.
static int closing_socket(int ends[2]) {
#ifdef __linux__
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
    int yes = 1;
    setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

static void close_all_from(int first) {
#ifdef __linux__
    closefrom(first);
#else
    for (int descriptor = first; descriptor < getdtablesize(); descriptor++) close(descriptor);
#endif
}

static void report(int32_t kind, int32_t value) {
    struct guard_report message = {kind, value};
    while (write(place_reports, &message, sizeof message) < 0 && errno == EINTR) {
    }
}

// MARK: - Before the program

// Keeps what the guard needs at fixed numbers, closed for the program, and nothing else.
static void take_descriptors(const struct guard_request *request, int orders, int reports) {
    int given[] = {request->input, request->output, request->errors, orders, reports, request->hold};
    for (int index = 0; index < 6; index++) {
        if (given[index] >= 0) given[index] = fcntl(given[index], F_DUPFD, 16);
    }
    for (int index = 0; index < 6; index++) {
        int place = place_input + index;
        if (given[index] < 0) {
            close(place);
            continue;
        }
        dup2(given[index], place);
        fcntl(place, F_SETFD, FD_CLOEXEC);
    }
    close_all_from(place_end);
}

static void default_signals(void) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// What ends or stops a terminal's programs is not meant for the guard: it ends when its work is done.
static void guard_signals(void) {
    const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_IGN);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_child;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
}

// In the child of the guard: becomes the program, or says why not.
static _Noreturn void become_program(const struct guard_request *request, int failure) {
    default_signals();
    setsid();
#ifdef __linux__
    // Should somebody kill the guard, the program at least goes with it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    dup2(place_input, STDIN_FILENO);
    dup2(place_output, STDOUT_FILENO);
    dup2(place_errors, STDERR_FILENO);
    if (request->directory == NULL || chdir(request->directory) == 0) {
        environ = (char **)request->environment;
        execvp(request->command[0], request->command);
    }
    int number = errno;
    ssize_t ignored = write(failure, &number, sizeof number);
    (void)ignored;
    _exit(127);
}

// Answers the program's number, or a negative errno.
static pid_t start_program(const struct guard_request *request) {
    int failure[2];
    if (closing_pipe(failure) != 0) return -errno;
    // The guard looks like the runner from within, which may be large: its memory is lent to the child, not copied. It
    // waits meanwhile, and what the child changes of it is of no more use.
    pid_t program = vfork();
    if (program < 0) return -errno;
    if (program == 0) become_program(request, failure[1]);
    close(failure[1]);
    int number = 0;
    ssize_t count;
    do count = read(failure[0], &number, sizeof number);
    while (count < 0 && errno == EINTR);
    close(failure[0]);
    if (count != sizeof number) return program;
    while (waitpid(program, NULL, 0) < 0 && errno == EINTR) {
    }
    return -number;
}

// MARK: - While it runs

struct watch {
    pid_t program;
    bool has_ended;
    bool is_quiet;
    bool has_children;
    // The last order was meant for all that descends from the program.
    bool is_wide;
    bool is_orphaned;
    // From `kill_at` on SIGKILL goes to all of them again and again, until nobody is left.
    bool is_ending;
    int64_t kill_at;
};

static void collect(struct watch *watch) {
    for (;;) {
        int status;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended < 0 && errno == EINTR) continue;
        if (ended <= 0) {
            watch->has_children = ended == 0;
            return;
        }
        if (ended == watch->program) {
            watch->has_ended = true;
            report(guard_report_ended, status);
        }
    }
}

// Whether something is left of what the last order was meant for.
static bool is_anybody_left(const struct watch *watch) {
    if (!watch->has_ended) return true;
#ifdef __linux__
    if (!watch->has_children) return false;  // all orphans become children of the guard
    if (watch->is_wide) return true;
#endif
    if (kill(-watch->program, 0) != 0 && errno == ESRCH) return false;
    return is_group_alive(watch->program);
}

static void note_quiet(struct watch *watch) {
    bool is_quiet = !is_anybody_left(watch);
    if (is_quiet && !watch->is_quiet) report(guard_report_quiet, 0);
    watch->is_quiet = is_quiet;
}

static void send_signal(struct watch *watch, int number) {
    // A number that nobody has any more may soon be somebody else's.
    if (!watch->is_quiet) kill(-watch->program, number);
    if (watch->is_wide) signal_descendants(number, watch->program);
}

// Answers false when the guard may end.
static bool obey(struct watch *watch, int grace) {
    struct guard_order order;
    ssize_t count = read(place_orders, &order, sizeof order);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count != sizeof order) {
        watch->is_orphaned = watch->is_wide = watch->is_ending = true;
        watch->kill_at = now_milliseconds() + grace;
        send_signal(watch, SIGTERM);
        return true;
    }
    if (order.scope == guard_scope_none) return false;
    watch->is_wide = watch->is_wide || order.scope == guard_scope_all;
    if (watch->is_wide && order.number == SIGKILL) {
        watch->is_ending = true;
        watch->kill_at = now_milliseconds();
    }
    send_signal(watch, order.number);
    // Who gives an order to all waits to hear that nobody is left, also when all are gone before anybody looks.
    if (order.scope == guard_scope_all) watch->is_quiet = false;
    return true;
}

// How long to wait for something to happen. One kill is not enough: a process may have forked meanwhile.
static int patience(struct watch *watch) {
    if (!watch->is_ending || watch->is_quiet) return -1;
    int64_t left = watch->kill_at - now_milliseconds();
    if (left > 0) return (int)left;
    send_signal(watch, SIGKILL);
    return left > -10000 ? 50 : 1000;  // somebody is out of the kernel's or our reach for now
}

static _Noreturn void guard(struct watch *watch, int wake, int grace) {
    for (;;) {
        collect(watch);
        note_quiet(watch);
        if (watch->is_orphaned && watch->is_quiet) _exit(0);
        struct pollfd sources[] = {
            {.fd = watch->is_orphaned ? -1 : place_orders, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
        if (poll(sources, 2, patience(watch)) < 0) continue;
        char buffer[64];
        if (sources[1].revents != 0) {
            ssize_t ignored = read(wake, buffer, sizeof buffer);
            (void)ignored;
        }
        if (sources[0].revents == 0) continue;
        collect(watch);
        if (!obey(watch, grace)) _exit(0);
    }
}

static _Noreturn void become_guard(const struct guard_request *request, int orders, int reports) {
    default_signals();
    setsid();
    take_descriptors(request, orders, reports);
    int wake[2];
    if (closing_pipe(wake) != 0) {
        report(guard_report_failed, errno);
        _exit(1);
    }
    fcntl(wake[1], F_SETFL, O_NONBLOCK);
    wake_end = wake[1];
    guard_signals();
    adopt_orphans();
    take_name(request->name);
    pid_t program = start_program(request);
    report(program < 0 ? guard_report_failed : guard_report_started, program < 0 ? -program : program);
    if (program < 0) _exit(1);
    // Nobody must wait for the end of what only the guard holds open.
    for (int descriptor = 0; descriptor < place_orders; descriptor++) close(descriptor);
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++) open("/dev/null", O_RDWR);
    struct watch watch = {.program = program, .has_children = true};
    guard(&watch, wake[0], request->grace_milliseconds);
}

// MARK: - In the runner

static int first_report(int reports, struct guard_report *first) {
    ssize_t count;
    do count = read(reports, first, sizeof *first);
    while (count < 0 && errno == EINTR);
    return count == sizeof *first ? 0 : EPIPE;
}

static int fork_guard(const struct guard_request *request, struct guard_handle *handle, int orders, int reports) {
    // No handler of the runner may run in the guard.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    handle->guard = fork();
    if (handle->guard == 0) become_guard(request, orders, reports);
    int number = handle->guard < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

int guard_start(const struct guard_request *request, struct guard_handle *handle) {
    int orders[2], reports[2];
    if (closing_socket(orders) != 0) return errno;
    if (closing_pipe(reports) != 0) {
        int number = errno;
        close(orders[0]), close(orders[1]);
        return number;
    }
    int number = fork_guard(request, handle, orders[1], reports[1]);
    close(orders[1]), close(reports[1]);
    struct guard_report first = {0, 0};
    if (number == 0) {
        number = first_report(reports[0], &first);
        if (number == 0 && first.kind == guard_report_failed) number = first.value;
        if (number != 0) {
            while (waitpid(handle->guard, NULL, 0) < 0 && errno == EINTR) {
            }
        }
    }
    if (number != 0) {
        close(orders[0]), close(reports[0]);
        return number;
    }
    handle->program = first.value;
    handle->orders = orders[0];
    handle->reports = reports[0];
    fcntl(handle->reports, F_SETFL, O_NONBLOCK);
    return 0;
}
