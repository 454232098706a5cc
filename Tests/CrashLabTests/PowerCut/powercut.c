/* Keeps a journal of what a program writes to its SQLite file and has not synced yet, so that somebody can take it
 * away after a SIGKILL, as a power cut would. Loaded with LD_PRELOAD; POWERCUT_JOURNAL names the journal.
 *
 * A record is a header and, for a write, the bytes that were there before and the new ones; for a truncation the tail
 * that is cut off. The record comes before the deed, that of a sync after it: a kill in between counts as "not synced".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OP_WRITE = 1, OP_TRUNCATE = 2, OP_SYNC = 3 };

struct header {
    uint32_t op;
    uint32_t file; /* 1: the database, 2: its WAL */
    uint64_t offset;
    uint64_t size_before;
    uint64_t old_length;
    uint64_t new_length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

static uint32_t kind_of(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    if (name == NULL) return 0;
    if (strcmp(name, "/trails.sqlite") == 0) return 1;
    return strcmp(name, "/trails.sqlite-wal") == 0 ? 2 : 0;
}

/* A journal that cannot be kept proves nothing: the program ends, and the run with it. */
static void append(const void *bytes, size_t length) {
    ssize_t (*real)(int, const void *, size_t) = next("write");
    if (journal < 0) {
        const char *path = getenv("POWERCUT_JOURNAL");
        journal = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (journal < 0 || real(journal, bytes, length) != (ssize_t)length) abort();
}

static void record(uint32_t op, uint32_t file, int descriptor, uint64_t offset, const void *bytes, uint64_t length) {
    struct stat state;
    struct header header = {op, file, offset, 0, 0, op == OP_WRITE ? length : 0};
    if (fstat(descriptor, &state) == 0) header.size_before = (uint64_t)state.st_size;
    uint64_t end = op == OP_TRUNCATE ? header.size_before : offset + length;
    if (end > header.size_before) end = header.size_before;
    if (op != OP_SYNC && end > offset) header.old_length = end - offset;

    size_t size = sizeof header + header.old_length + header.new_length;
    char *buffer = malloc(size);
    if (buffer == NULL) abort();
    memcpy(buffer, &header, sizeof header);
    if (header.old_length > 0) {
        ssize_t (*read_at)(int, void *, size_t, off64_t) = next("pread64");
        ssize_t got = read_at(descriptor, buffer + sizeof header, header.old_length, (off64_t)offset);
        if (got != (ssize_t)header.old_length) abort();
    }
    if (header.new_length > 0) memcpy(buffer + sizeof header + header.old_length, bytes, header.new_length);
    append(buffer, size);
    free(buffer);
}

static ssize_t write_at(const char *name, int descriptor, const void *bytes, size_t length, off64_t offset) {
    ssize_t (*real)(int, const void *, size_t, off64_t) = next(name);
    uint32_t file = kind_of(descriptor);
    if (file == 0) return real(descriptor, bytes, length, offset);
    pthread_mutex_lock(&lock);
    record(OP_WRITE, file, descriptor, (uint64_t)offset, bytes, length);
    ssize_t result = real(descriptor, bytes, length, offset);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return write_at("pwrite", descriptor, bytes, length, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    return write_at("pwrite64", descriptor, bytes, length, offset);
}

static int truncate_to(const char *name, int descriptor, off64_t length) {
    int (*real)(int, off64_t) = next(name);
    uint32_t file = kind_of(descriptor);
    if (file == 0) return real(descriptor, length);
    pthread_mutex_lock(&lock);
    record(OP_TRUNCATE, file, descriptor, (uint64_t)length, NULL, 0);
    int result = real(descriptor, length);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate(int descriptor, off_t length) { return truncate_to("ftruncate", descriptor, length); }

int ftruncate64(int descriptor, off64_t length) { return truncate_to("ftruncate64", descriptor, length); }

static int sync_with(const char *name, int descriptor) {
    int (*real)(int) = next(name);
    uint32_t file = kind_of(descriptor);
    if (file == 0) return real(descriptor);
    pthread_mutex_lock(&lock);
    int result = real(descriptor);
    int error = errno;
    if (result == 0) record(OP_SYNC, file, descriptor, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int descriptor) { return sync_with("fsync", descriptor); }

int fdatasync(int descriptor) { return sync_with("fdatasync", descriptor); }
