#define _GNU_SOURCE
#include "descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

struct entry {
    pid_t process, parent, group;
    bool is_alive, is_descendant;
};

// The processes of the machine in the order of their numbers; more than these are not looked at in one go.
enum { entries_max = 65536 };

static struct entry *entries;
static int entry_count;

static ssize_t read_file(const char *path, char *buffer, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = read(file, buffer, size - 1);
    close(file);
    if (count >= 0) buffer[count] = 0;
    return count;
}

// Puts `/proc/NAME/stat` together.
static void stat_path(char *path, const char *name) {
    char *end = stpcpy(path, "/proc/");
    end = stpncpy(end, name, 16);
    strcpy(end, "/stat");
}

static long number_at(const char **text) {
    while (**text == ' ') (*text)++;
    bool is_negative = **text == '-';
    if (is_negative) (*text)++;
    unsigned long number = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++) number = number * 10 + (unsigned long)(**text - '0');
    return is_negative ? -(long)number : (long)number;
}

// What follows the name of a process, which stands in brackets and may hold anything.
static const char *after_name(const char *line) {
    const char *end = strrchr(line, ')');
    return end == NULL || end[1] != ' ' ? NULL : end + 2;
}

// `PID (name) STATE PARENT GROUP …`
static void take_entry(const char *name) {
    char path[40], line[512];
    if (name[0] < '1' || name[0] > '9' || strlen(name) > 15 || entry_count == entries_max) return;
    stat_path(path, name);
    if (read_file(path, line, sizeof line) <= 0) return;
    const char *rest = after_name(line);
    if (rest == NULL) return;
    char state = *rest++;
    struct entry *entry = &entries[entry_count++];
    entry->process = (pid_t)number_at(&name);
    entry->parent = (pid_t)number_at(&rest);
    entry->group = (pid_t)number_at(&rest);
    entry->is_alive = state != 'Z' && state != 'X';
    entry->is_descendant = false;
}

static bool list_processes(void) {
    if (entries == NULL) {
        void *room = mmap(
            NULL, entries_max * sizeof *entries, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED) return false;
        entries = room;
    }
    entry_count = 0;
    int directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return false;
    _Alignas(8) char buffer[16384];
    for (;;) {
        long count = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
        if (count <= 0) break;
        // Of each: number, offset, the length of all this, the kind, and the name.
        for (long place = 0; place < count;) {
            uint16_t length;
            memcpy(&length, buffer + place + 16, sizeof length);
            take_entry(buffer + place + 19);
            place += length;
        }
    }
    close(directory);
    return true;
}

static struct entry *find_entry(pid_t process) {
    int low = 0, high = entry_count - 1;
    while (low <= high) {
        int middle = low + (high - low) / 2;
        if (entries[middle].process == process) return &entries[middle];
        if (entries[middle].process < process) low = middle + 1;
        else high = middle - 1;
    }
    return NULL;
}

static void mark_descendants(void) {
    pid_t self = getpid();
    bool has_changed = true;
    while (has_changed) {
        has_changed = false;
        for (int index = 0; index < entry_count; index++) {
            struct entry *entry = &entries[index];
            if (entry->is_descendant) continue;
            struct entry *parent = find_entry(entry->parent);
            if (entry->parent == self || (parent != NULL && parent->is_descendant)) {
                entry->is_descendant = has_changed = true;
            }
        }
    }
}

void adopt_orphans(void) { prctl(PR_SET_CHILD_SUBREAPER, 1); }

// Also the arguments, where they stand: who looks for the runner by its command line must not find the guard.
void take_name(const char *name) {
    prctl(PR_SET_NAME, name);
    char line[2048];
    if (read_file("/proc/self/stat", line, sizeof line) <= 0) return;
    const char *rest = after_name(line);
    if (rest == NULL) return;
    rest++;
    for (int field = 4; field < 48; field++) number_at(&rest);
    char *start = (char *)number_at(&rest);
    char *end = (char *)number_at(&rest);
    if (start == NULL || end <= start) return;
    memset(start, 0, (size_t)(end - start));
    strncpy(start, name, (size_t)(end - start - 1));
}

bool is_group_alive(pid_t group) {
    if (!list_processes()) return true;
    for (int index = 0; index < entry_count; index++) {
        if (entries[index].group == group && entries[index].is_alive) return true;
    }
    return false;
}

void signal_descendants(int number, pid_t group) {
    if (!list_processes()) return;
    mark_descendants();
    for (int index = 0; index < entry_count; index++) {
        struct entry *entry = &entries[index];
        if (entry->is_descendant && entry->is_alive && entry->group != group) kill(entry->process, number);
    }
}
#else
void adopt_orphans(void) {}
void take_name(const char *name) { (void)name; }
bool is_group_alive(pid_t group) { return kill(-group, 0) == 0 || errno != ESRCH; }
void signal_descendants(int number, pid_t group) { (void)number, (void)group; }
#endif
