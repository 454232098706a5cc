// What descends from this process, by system calls alone.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

/// From now on the orphans among the descendants of this process become its children.
void adopt_orphans(void);

/// Calls this process `name` in lists of processes.
void take_name(const char *name);

/// Whether a process of the group runs; one that has ended and was not waited for does not.
bool is_group_alive(pid_t group);

/// Sends a signal to each descendant of this process but those of one group.
void signal_descendants(int number, pid_t group);
