/* Writes down every change that a process makes to files below FAULTS_ROOT, in order, with the
 * bytes: what a disk would be told. scripts/faults_lab/disk.py reads it back and cuts the power.
 *
 * LD_PRELOAD this, with FAULTS_ROOT and FAULTS_LOG in the environment, or call faults_arm later: it
 * can also let changes fail, as a disk does that is full, read-only or broken. Each entry in FAULTS_LOG: kind (1 byte), descriptor (4), offset (8), lengths of
 * two strings (4 + 4), then the strings; little-endian, written by one write() under a lock.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS 4096
static char *root;
static int out = -1;
static unsigned char watched[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    root = getenv("FAULTS_ROOT");
    const char *log = getenv("FAULTS_LOG");
    if (root && log)
        out = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Which changes fail: of those that a disk in this state refuses, the `from`th and `count` in all. */
static struct { char kind; long from, count, seen; } fault;

/* Write down changes below `folder` in `log` from now on. Kinds of faults: 'f' full, 'r' read-only,
 * 'e' flushes fail; 0 none. Nothing may be open below the last folder any more. */
void faults_arm(const char *folder, const char *log, char kind, long from, long count) {
    pthread_mutex_lock(&lock);
    if (out >= 0)
        REAL(close)(out);
    root = strdup(folder);
    out = REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    memset(watched, 0, sizeof watched);
    fault.kind = kind, fault.from = from, fault.count = count, fault.seen = 0;
    pthread_mutex_unlock(&lock);
}

/* How many changes came by that such a disk refuses. */
long faults_seen(void) { return fault.seen; }

/* No more of either. */
void faults_disarm(void) {
    pthread_mutex_lock(&lock);
    if (out >= 0)
        REAL(close)(out);
    out = -1, fault.kind = 0;
    pthread_mutex_unlock(&lock);
}

/* Whether this change fails; `kinds` are the states of a disk that refuse it. Sets errno. */
static int fails(const char *kinds) {
    if (!fault.kind || !strchr(kinds, fault.kind))
        return 0;
    long number = ++fault.seen;
    if (number < fault.from || number >= fault.from + fault.count)
        return 0;
    errno = fault.kind == 'f' ? ENOSPC : fault.kind == 'r' ? EROFS : EIO;
    return 1;
}

static int below(const char *path, char full[PATH_MAX]) {
    if (out < 0 || !path)
        return 0;
    if (path[0] == '/')
        snprintf(full, PATH_MAX, "%s", path);
    else {
        char here[PATH_MAX / 2];
        if (!getcwd(here, sizeof here))
            return 0;
        snprintf(full, PATH_MAX, "%s/%s", here, path);
    }
    size_t length = strlen(root);
    return strncmp(full, root, length) == 0 && (full[length] == '/' || full[length] == 0);
}

static void tell(char kind, int fd, int64_t at, const void *a, uint32_t na, const void *b, uint32_t nb) {
    char *entry = malloc(21 + na + nb);
    int32_t number = fd;
    entry[0] = kind;
    memcpy(entry + 1, &number, 4);
    memcpy(entry + 5, &at, 8);
    memcpy(entry + 13, &na, 4);
    memcpy(entry + 17, &nb, 4);
    memcpy(entry + 21, a, na);
    memcpy(entry + 21 + na, b, nb);
    REAL(write)(out, entry, 21 + na + nb);
    free(entry);
}
#define PATH(kind, fd, at, path) tell(kind, fd, at, path, strlen(path), "", 0)
#define WATCHED(fd) (out >= 0 && (fd) >= 0 && (fd) < DESCRIPTORS && watched[fd])

/* A full disk makes no new file, a read-only one opens none for writing. */
static int refuses(const char *path, int flags) {
    char full[PATH_MAX];
    if (!below(path, full) || !(flags & (O_WRONLY | O_RDWR | O_CREAT)))
        return 0;
    return fails(flags & O_CREAT && access(full, F_OK) ? "fr" : "r");
}

static int opened(int fd, const char *path, int flags) {
    char full[PATH_MAX];
    if (fd >= 0 && fd < DESCRIPTORS) {
        watched[fd] = below(path, full);
        if (watched[fd])
            PATH('O', fd, flags, full);
    }
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        pthread_mutex_lock(&lock); \
        int fd = refuses(path, flags) ? -1 : opened(REAL(name)(path, flags, mode), path, flags); \
        pthread_mutex_unlock(&lock); \
        return fd; \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        pthread_mutex_lock(&lock); \
        int fd = refuses(path, flags) ? -1 : opened(REAL(name)(folder, path, flags, mode), path, flags); \
        pthread_mutex_unlock(&lock); \
        return fd; \
    }
OPENAT(openat)
OPENAT(openat64)

#define HALF(size) (fault.kind == 'f' && fault.seen == fault.from && (size) > 1)

/* The lock makes the order in the log the order in which the changes were made. */
ssize_t write(int fd, const void *data, size_t size) {
    if (!WATCHED(fd))
        return REAL(write)(fd, data, size);
    pthread_mutex_lock(&lock);
    int appends = fcntl(fd, F_GETFL) & O_APPEND;
    off_t at = lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
    int bad = fails("fr");  /* of the first write on a full disk, a half still fits */
    ssize_t done = !bad ? REAL(write)(fd, data, size) : HALF(size) ? REAL(write)(fd, data, size / 2) : -1;
    if (done > 0)
        tell('W', fd, at, data, done, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}

#define PWRITE(name, offset) \
    ssize_t name(int fd, const void *data, size_t size, offset at) { \
        if (!WATCHED(fd)) return REAL(name)(fd, data, size, at); \
        pthread_mutex_lock(&lock); \
        int bad = fails("fr"); \
        ssize_t done = !bad ? REAL(name)(fd, data, size, at) \
                     : HALF(size) ? REAL(name)(fd, data, size / 2, at) : -1; \
        if (done > 0) tell('W', fd, at, data, done, "", 0); \
        pthread_mutex_unlock(&lock); \
        return done; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_FD(name, kind, kinds, declared, passed, number) \
    int name declared { \
        if (!WATCHED(fd)) return REAL(name) passed; \
        pthread_mutex_lock(&lock); \
        int done = fails(kinds) ? -1 : REAL(name) passed; \
        if (done == 0) tell(kind, fd, number, "", 0, "", 0); \
        else if (kind == 'S') { int why = errno; tell('E', fd, 0, "", 0, "", 0); errno = why; } \
        pthread_mutex_unlock(&lock); \
        return done; \
    }
ON_FD(fsync, 'S', "e", (int fd), (fd), 0)
ON_FD(fdatasync, 'S', "e", (int fd), (fd), 0)
ON_FD(ftruncate, 'T', "r", (int fd, off_t size), (fd, size), size)
ON_FD(ftruncate64, 'T', "r", (int fd, off64_t size), (fd, size), size)

int close(int fd) {
    if (!WATCHED(fd))
        return REAL(close)(fd);
    pthread_mutex_lock(&lock);
    tell('C', fd, 0, "", 0, "", 0);
    watched[fd] = 0;
    int done = REAL(close)(fd);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    int mine = below(from, a) && below(to, b);
    pthread_mutex_lock(&lock);
    int done = mine && fails("r") ? -1 : REAL(rename)(from, to);
    if (mine && done == 0)
        tell('R', -1, 0, a, strlen(a), b, strlen(b));
    pthread_mutex_unlock(&lock);
    return done;
}

#define ON_PATH(name, kind, kinds, declared, passed) \
    int name declared { \
        char full[PATH_MAX]; \
        int mine = below(path, full); \
        pthread_mutex_lock(&lock); \
        int done = mine && fails(kinds) ? -1 : REAL(name) passed; \
        if (mine && done == 0) PATH(kind, -1, 0, full); \
        pthread_mutex_unlock(&lock); \
        return done; \
    }
ON_PATH(unlink, 'U', "r", (const char *path), (path))
ON_PATH(rmdir, 'U', "r", (const char *path), (path))
ON_PATH(mkdir, 'M', "fr", (const char *path, mode_t mode), (path, mode))
