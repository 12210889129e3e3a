/* Loaded before libc (LD_PRELOAD): writes down, in order, what a program does to the files of one folder.
 *
 * POWER_FOLDER is the folder, POWER_TRACE the file written to. A record is one byte (W write, S sync,
 * T truncate, U unlink, R rename to the path in the data), then path length, path, offset and data length as 64-bit numbers, then the data. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

static ssize_t plain_write(int fd, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(fd, data, length);
}

static int trace_fd(void) {
    static int fd = -2;
    if (fd == -2) {
        const char *path = getenv("POWER_TRACE");
        REAL(int, "open", const char *, int, ...);
        fd = path ? real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    return fd;
}

static void put(const void *data, size_t length) {
    const char *at = data;
    while (length > 0) {
        ssize_t done = plain_write(trace_fd(), at, length);
        if (done <= 0) _exit(97);
        at += done;
        length -= (size_t)done;
    }
}

static void record(char operation, const char *path, uint64_t offset, const void *data, uint64_t length) {
    const char *folder = getenv("POWER_FOLDER");
    if (!folder || trace_fd() < 0 || strncmp(path, folder, strlen(folder)) != 0) return;
    /* A record is whole, and in the order in which the calls ended. */
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&turn);
    uint64_t size = strlen(path);
    put(&operation, 1);
    put(&size, sizeof size);
    put(path, size);
    put(&offset, sizeof offset);
    put(&length, sizeof length);
    if (data) put(data, length);
    pthread_mutex_unlock(&turn);
}

static const char *path_of(int fd) {
    static __thread char path[PATH_MAX];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return path;
}

ssize_t write(int fd, const void *data, size_t length) {
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = plain_write(fd, data, length);
    if (done > 0 && at >= 0) record('W', path_of(fd), (uint64_t)at, data, (uint64_t)done);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    ssize_t done = real(fd, data, length, at);
    if (done > 0) record('W', path_of(fd), (uint64_t)at, data, (uint64_t)done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    return pwrite64(fd, data, length, at);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    int done = real(fd);
    if (done == 0) record('S', path_of(fd), 0, NULL, 0);
    return done;
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    int done = real(fd);
    if (done == 0) record('S', path_of(fd), 0, NULL, 0);
    return done;
}

int ftruncate64(int fd, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    int done = real(fd, length);
    if (done == 0) record('T', path_of(fd), (uint64_t)length, NULL, 0);
    return done;
}

int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    int done = real(path);
    if (done == 0) record('U', path, 0, NULL, 0);
    return done;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    int done = real(from, to);
    if (done == 0) record('R', from, 0, to, strlen(to));
    return done;
}
