/* Stands between a process and the C library for the files below one directory: writes every change into a log, kills
 * the process before one of them, or lets one fail. Loaded with LD_PRELOAD by the sweep; it is in no program.
 *
 * SWEEP_ROOT  the directory, absolute, without a slash at its end
 * SWEEP_LOG   the log, outside of it
 * SWEEP_KILL  the number of the change, from 0, before which the process is killed
 * SWEEP_FAIL  "NUMBER ERRNO STICKY": the change that fails, with what, and whether all later ones do too
 *
 * What it does not see: changes of a memory map, and raw system calls that do not pass by the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_BELOW, RENAME, LINK, SYMLINK, REMOVE, MAKE_DIRECTORY, FAILED };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static const char *root;
static size_t root_length;
static int log_file = -1;
static long counter, kill_at = -1, fail_at = -1;
static int fail_errno, fail_sticky;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void start(void) {
    const char *text = getenv("SWEEP_LOG");
    if (text) log_file = REAL(open)(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if ((text = getenv("SWEEP_KILL"))) kill_at = atol(text);
    if ((text = getenv("SWEEP_FAIL"))) sscanf(text, "%ld %d %d", &fail_at, &fail_errno, &fail_sticky);
    root = getenv("SWEEP_ROOT");
    root_length = root ? strlen(root) : 0;
}

/* Makes a path absolute; does not follow a link in its last part. */
static int absolute(int directory, const char *path, char *out) {
    char base[PATH_MAX] = "";
    if (path[0] != '/') {
        if (directory == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length <= 0) return 0;
            base[length] = 0;
        }
    }
    int length = snprintf(out, PATH_MAX, "%s%s%s", base, *base ? "/" : "", path);
    while (length > 1 && out[length - 1] == '/') out[--length] = 0;
    return length < PATH_MAX;
}

/* Returns the part of an absolute path below the root, or nothing. */
static const char *below(const char *path) {
    if (!root || strncmp(path, root, root_length) != 0) return NULL;
    if (path[root_length] == 0) return "";
    if (path[root_length] != '/') return NULL;
    size_t length = strlen(path);
    /* A file that was removed while it is open has no name any more. */
    if (length > 10 && strcmp(path + length - 10, " (deleted)") == 0) return NULL;
    return path + root_length + 1;
}

static const char *of_file(int file, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, out, PATH_MAX - 1);
    if (length <= 0) return NULL;
    out[length] = 0;
    return below(out);
}

static int counts(const char *path) {
    /* What the process acknowledges is written here: it is no change of its own. */
    return path && strcmp(path, ".acknowledged") != 0;
}

static void note(enum kind kind, const char *one, const char *two, uint64_t number, const void *bytes, size_t length);

/* Kills, or says that the change must fail. */
static int must_fail(const char *path) {
    if (!counts(path)) return 0;
    long at = counter++;
    if (at == kill_at) {
        kill(getpid(), SIGKILL);
        pause();
    }
    if (fail_at >= 0 && (at == fail_at || (fail_sticky && at > fail_at))) {
        note(FAILED, path, NULL, (uint64_t)at, NULL, 0);
        errno = fail_errno;
        return 1;
    }
    return 0;
}

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = REAL(write)(log_file, at, length);
        if (done <= 0) abort();
        at += done;
        length -= (size_t)done;
    }
}

static void note(enum kind kind, const char *one, const char *two, uint64_t number, const void *bytes, size_t length) {
    if (log_file < 0) return;
    int before = errno;
    uint64_t head[5] = {kind, strlen(one), two ? strlen(two) : 0, number, length};
    put(head, sizeof head);
    put(one, strlen(one));
    if (two) put(two, strlen(two));
    put(bytes, length);
    errno = before;
}

#define LOCKED(result) (pthread_mutex_unlock(&lock), (result))

static int opened(int directory, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    const char *inside = absolute(directory, name, path) ? below(path) : NULL;
    if (!inside || !(flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE)
        return REAL(openat)(directory, name, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat found;
    int is_there = stat(path, &found) == 0;
    int changes = is_there ? (flags & O_TRUNC) && found.st_size > 0 : (flags & O_CREAT);
    if (changes && must_fail(inside)) return LOCKED(-1);
    int file = REAL(openat)(directory, name, flags, mode);
    if (file >= 0 && changes) note(is_there ? TRUNCATE : CREATE, inside, NULL, 0, NULL, 0);
    return LOCKED(file);
}

#define MODE(flags)                                     \
    mode_t mode = 0;                                    \
    if ((flags) & (O_CREAT | O_TMPFILE)) {              \
        va_list list;                                   \
        va_start(list, flags);                          \
        mode = va_arg(list, mode_t);                    \
        va_end(list);                                   \
    }

int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return opened(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags) return opened(at, name, flags, mode); }
int creat(const char *name, mode_t mode) { return opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static ssize_t written(int file, const void *bytes, size_t length, off_t offset) {
    char path[PATH_MAX];
    const char *inside = root ? of_file(file, path) : NULL;
    if (!inside) return offset < 0 ? REAL(write)(file, bytes, length) : REAL(pwrite)(file, bytes, length, offset);
    pthread_mutex_lock(&lock);
    if (must_fail(inside)) return LOCKED(-1);
    off_t at = offset;
    if (offset < 0) at = lseek(file, 0, fcntl(file, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done = offset < 0 ? REAL(write)(file, bytes, length) : REAL(pwrite)(file, bytes, length, offset);
    if (done > 0) note(WRITE, inside, NULL, (uint64_t)at, bytes, (size_t)done);
    return LOCKED(done);
}

ssize_t write(int file, const void *bytes, size_t length) { return written(file, bytes, length, -1); }
ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return written(file, bytes, length, at); }
ssize_t pwrite64(int file, const void *bytes, size_t length, off_t at) { return written(file, bytes, length, at); }

ssize_t writev(int file, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (!root || !of_file(file, path)) return REAL(writev)(file, parts, count);
    ssize_t whole = 0;
    for (int part = 0; part < count; part++) {
        ssize_t done = written(file, parts[part].iov_base, parts[part].iov_len, -1);
        if (done < 0) return whole > 0 ? whole : -1;
        whole += done;
        if ((size_t)done < parts[part].iov_len) break;
    }
    return whole;
}

static int cut(int file, off_t length) {
    char path[PATH_MAX];
    const char *inside = root ? of_file(file, path) : NULL;
    pthread_mutex_lock(&lock);
    if (inside && must_fail(inside)) return LOCKED(-1);
    int done = REAL(ftruncate)(file, length);
    if (done == 0 && inside) note(TRUNCATE, inside, NULL, (uint64_t)length, NULL, 0);
    return LOCKED(done);
}

int ftruncate(int file, off_t length) { return cut(file, length); }
int ftruncate64(int file, off_t length) { return cut(file, length); }

int posix_fallocate(int file, off_t offset, off_t length) {
    struct stat found;
    if (fstat(file, &found) != 0) return errno;
    return found.st_size >= offset + length || cut(file, offset + length) == 0 ? 0 : errno;
}

int posix_fallocate64(int file, off_t offset, off_t length) { return posix_fallocate(file, offset, length); }

int fallocate(int file, int mode, off_t offset, off_t length) {
    char path[PATH_MAX];
    if (!root || !of_file(file, path)) return REAL(fallocate)(file, mode, offset, length);
    /* The log knows no holes: the program does without. */
    errno = EOPNOTSUPP;
    return -1;
}

int fallocate64(int file, int mode, off_t offset, off_t length) { return fallocate(file, mode, offset, length); }

#define SYNCED(name, kind)                                       \
    int name(int file) {                                         \
        char path[PATH_MAX];                                     \
        const char *inside = root ? of_file(file, path) : NULL;  \
        pthread_mutex_lock(&lock);                               \
        if (inside && must_fail(inside)) return LOCKED(-1);      \
        int done = REAL(name)(file);                             \
        if (done == 0 && inside) note(kind, inside, NULL, 0, NULL, 0); \
        return LOCKED(done);                                     \
    }

SYNCED(fsync, SYNC)
SYNCED(fdatasync, SYNC)
SYNCED(syncfs, SYNC_BELOW)

static int renamed(int from_at, const char *from, int to_at, const char *to) {
    char from_path[PATH_MAX], to_path[PATH_MAX];
    const char *one = absolute(from_at, from, from_path) ? below(from_path) : NULL;
    const char *two = absolute(to_at, to, to_path) ? below(to_path) : NULL;
    pthread_mutex_lock(&lock);
    if (one && two && must_fail(one)) return LOCKED(-1);
    int done = REAL(renameat)(from_at, from, to_at, to);
    if (done == 0 && one && two) note(RENAME, one, two, 0, NULL, 0);
    return LOCKED(done);
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int at, const char *from, int to_at, const char *to) { return renamed(at, from, to_at, to); }

static int linked(int from_at, const char *from, int to_at, const char *to, int flags) {
    char from_path[PATH_MAX], to_path[PATH_MAX];
    const char *one = absolute(from_at, from, from_path) ? below(from_path) : NULL;
    const char *two = absolute(to_at, to, to_path) ? below(to_path) : NULL;
    pthread_mutex_lock(&lock);
    if (one && two && must_fail(two)) return LOCKED(-1);
    int done = REAL(linkat)(from_at, from, to_at, to, flags);
    if (done == 0 && one && two) note(LINK, one, two, 0, NULL, 0);
    return LOCKED(done);
}

int link(const char *from, const char *to) { return linked(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int at, const char *from, int to_at, const char *to, int flags) { return linked(at, from, to_at, to, flags); }

static int symlinked(const char *target, int at, const char *name) {
    char path[PATH_MAX];
    const char *inside = absolute(at, name, path) ? below(path) : NULL;
    pthread_mutex_lock(&lock);
    if (inside && must_fail(inside)) return LOCKED(-1);
    int done = REAL(symlinkat)(target, at, name);
    if (done == 0 && inside) note(SYMLINK, target, inside, 0, NULL, 0);
    return LOCKED(done);
}

int symlink(const char *target, const char *name) { return symlinked(target, AT_FDCWD, name); }
int symlinkat(const char *target, int at, const char *name) { return symlinked(target, at, name); }

static int removed(int at, const char *name, int flags) {
    char path[PATH_MAX];
    const char *inside = absolute(at, name, path) ? below(path) : NULL;
    pthread_mutex_lock(&lock);
    if (inside && must_fail(inside)) return LOCKED(-1);
    int done = REAL(unlinkat)(at, name, flags);
    if (done == 0 && inside) note(REMOVE, inside, NULL, 0, NULL, 0);
    return LOCKED(done);
}

int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int unlinkat(int at, const char *name, int flags) { return removed(at, name, flags); }
int rmdir(const char *name) { return removed(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) { return removed(AT_FDCWD, name, 0); }

static int made(int at, const char *name, mode_t mode) {
    char path[PATH_MAX];
    const char *inside = absolute(at, name, path) ? below(path) : NULL;
    pthread_mutex_lock(&lock);
    struct stat found;
    if (inside && stat(path, &found) != 0 && must_fail(inside)) return LOCKED(-1);
    int done = REAL(mkdirat)(at, name, mode);
    if (done == 0 && inside) note(MAKE_DIRECTORY, inside, NULL, 0, NULL, 0);
    return LOCKED(done);
}

int mkdir(const char *name, mode_t mode) { return made(AT_FDCWD, name, mode); }
int mkdirat(int at, const char *name, mode_t mode) { return made(at, name, mode); }
