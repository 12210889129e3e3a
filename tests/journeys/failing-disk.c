/* Loaded before libc (LD_PRELOAD): a disk that fails while a switch is on.
 *
 * FAULT_FOLDER is the part of a path that tells which files are on the disk. FAULT_SWITCH is a file: while it
 * is there, its first letter says what fails with EIO: S syncs, W writes, R reads, B reads behind the first
 * pages, so that a file can be opened. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

static ssize_t plain_read(int fd, void *data, size_t length) {
    REAL(ssize_t, "read", int, void *, size_t);
    return real(fd, data, length);
}

static int fails(int fd, char what) {
    const char *folder = getenv("FAULT_FOLDER"), *path = getenv("FAULT_SWITCH");
    if (!folder || !path) return 0;
    char link[64], name[PATH_MAX], is = 0;
    int on = open(path, O_RDONLY | O_CLOEXEC);
    if (on < 0) return 0;
    ssize_t got = plain_read(on, &is, 1);
    close(on);
    if (got != 1 || is != what) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    name[length > 0 ? length : 0] = 0;
    if (!strstr(name, folder)) return 0;
    errno = EIO;
    return 1;
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails(fd, 'W') ? -1 : real(fd, data, length);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return fails(fd, 'W') ? -1 : real(fd, data, length, at);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    return pwrite64(fd, data, length, at);
}

ssize_t read(int fd, void *data, size_t length) {
    return fails(fd, 'R') ? -1 : plain_read(fd, data, length);
}

ssize_t pread64(int fd, void *data, size_t length, off64_t at) {
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    return fails(fd, 'R') || (at >= 8192 && fails(fd, 'B')) ? -1 : real(fd, data, length, at);
}

ssize_t pread(int fd, void *data, size_t length, off_t at) {
    return pread64(fd, data, length, at);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return fails(fd, 'S') ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return fails(fd, 'S') ? -1 : real(fd);
}
