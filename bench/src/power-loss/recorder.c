// Records what a process does to the files of one folder: preloaded into it (LD_PRELOAD), this stands between the
// process and the C library. RECORDED_FOLDER is the folder, an absolute path without links; RECORDED_LOG the log, which
// recording.ts reads.
//
// One lock is held over each call and its entry in the log, so that the log has the calls in the order in which they
// took effect. Only syncs run outside it: other threads may write meanwhile, and what they write is not synced.
//
// Whatever would change the files by another way is entered as unsupported, which fails the recording: a gap in it would
// be taken for a disk that keeps everything.

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
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPENED = 1, CREATED, WRITTEN, TRUNCATED, SYNC_BEGUN, SYNC_ENDED, UNLINKED, RENAMED, UNSUPPORTED };

// The entry's header in the log, in the byte order of the machine.
struct entry {
  uint32_t kind;
  // The file's number, from 1 in the order of opening; the folder itself is 0.
  uint32_t file;
  // Where it was written, or the size it was cut to, or the number of the entry in which the sync began.
  uint64_t at;
  uint64_t length;
};

#define MAX_FDS 4096
#define MAX_FILES 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX + 1];
static size_t folder_length;
static int log_fd = -1;
static uint64_t entries;
// By descriptor: the file's number and one, the folder's is 1; 0 for what is not recorded.
static uint32_t recorded[MAX_FDS];
static struct { dev_t device; ino_t inode; } files[MAX_FILES];
static uint32_t file_count = 1;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

static uint64_t enter(uint32_t kind, uint32_t file, uint64_t at, const void *data, size_t length) {
  struct entry entry = {kind, file, at, length};
  struct iovec parts[2] = {{&entry, sizeof entry}, {(void *)data, length}};
  ssize_t wanted = (ssize_t)(sizeof entry + length);
  // A log that is cut off would be taken for a shorter run.
  if (REAL(writev)(log_fd, parts, length > 0 ? 2 : 1) != wanted) abort();
  return entries++;
}

static void unsupported(const char *what) {
  pthread_mutex_lock(&lock);
  enter(UNSUPPORTED, 0, 0, what, strlen(what));
  pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void start(void) {
  const char *where = getenv("RECORDED_FOLDER");
  const char *log = getenv("RECORDED_LOG");
  if (where == NULL || log == NULL || strlen(where) > PATH_MAX) return;
  strcpy(folder, where);
  folder_length = strlen(folder);
  int opened = REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  // Out of the way of programs that count on the lowest descriptors.
  log_fd = fcntl(opened, F_DUPFD_CLOEXEC, 512);
  if (log_fd < 0) abort();
  REAL(close)(opened);
  // Processes that this one starts are not recorded.
  unsetenv("LD_PRELOAD");
}

// The name within the folder; "" for the folder itself, NULL for what is elsewhere.
static const char *name_of(const char *path) {
  if (log_fd < 0 || path == NULL || strncmp(path, folder, folder_length) != 0) return NULL;
  if (path[folder_length] == 0) return path + folder_length;
  return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

// With the lock: the number and one, or 0.
static uint32_t file_of(int fd) { return fd >= 0 && fd < MAX_FDS ? recorded[fd] : 0; }

static int is_recorded(int fd) {
  pthread_mutex_lock(&lock);
  uint32_t file = file_of(fd);
  pthread_mutex_unlock(&lock);
  return file != 0;
}

// With the lock: the number of the file that was opened, a new one where it was created: inodes are used again.
static uint32_t number_of(int fd, int is_new) {
  struct stat found;
  if (fstat(fd, &found) != 0) abort();
  if (!is_new) {
    for (uint32_t number = file_count - 1; number > 0; number--) {
      if (files[number].inode == found.st_ino && files[number].device == found.st_dev) return number;
    }
  }
  if (file_count == MAX_FILES) abort();
  files[file_count].device = found.st_dev;
  files[file_count].inode = found.st_ino;
  return file_count++;
}

static int opened(int (*open_it)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  const char *name = name_of(path);
  if (name == NULL) return open_it(path, flags, mode);
  pthread_mutex_lock(&lock);
  struct stat before;
  int is_new = stat(path, &before) != 0;
  int fd = open_it(path, flags, mode);
  if (fd >= 0) {
    if (fd >= MAX_FDS) abort();
    if (*name == 0) {
      recorded[fd] = 1;
    } else {
      uint32_t number = number_of(fd, is_new);
      recorded[fd] = number + 1;
      enter(is_new ? CREATED : OPENED, number, 0, name, strlen(name));
      if (!is_new && (flags & O_TRUNC)) enter(TRUNCATED, number, 0, NULL, 0);
    }
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE                                  \
  mode_t mode = 0;                            \
  if (flags & (O_CREAT | __O_TMPFILE)) {      \
    va_list rest;                             \
    va_start(rest, flags);                    \
    mode = va_arg(rest, mode_t);              \
    va_end(rest);                             \
  }

int open(const char *path, int flags, ...) { MODE return opened(REAL(open), path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(REAL(open64), path, flags, mode); }

int openat(int directory, const char *path, int flags, ...) {
  MODE
  if (name_of(path) != NULL || is_recorded(directory)) unsupported("openat");
  return REAL(openat)(directory, path, flags, mode);
}
int openat64(int directory, const char *path, int flags, ...) {
  MODE
  if (name_of(path) != NULL || is_recorded(directory)) unsupported("openat64");
  return REAL(openat64)(directory, path, flags, mode);
}

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < MAX_FDS) recorded[fd] = 0;
  int status = fd == log_fd ? 0 : REAL(close)(fd);
  pthread_mutex_unlock(&lock);
  return status;
}

// With the lock: the place that a write without one goes to.
static off64_t place_of(int fd) {
  if ((fcntl(fd, F_GETFL) & O_APPEND) == 0) return lseek64(fd, 0, SEEK_CUR);
  struct stat found;
  return fstat(fd, &found) == 0 ? found.st_size : 0;
}

static void enter_parts(uint32_t file, off64_t at, const struct iovec *parts, int count, ssize_t written) {
  for (int part = 0; part < count && written > 0; part++) {
    size_t length = parts[part].iov_len < (size_t)written ? parts[part].iov_len : (size_t)written;
    if (length > 0) enter(WRITTEN, file - 1, (uint64_t)at, parts[part].iov_base, length);
    at += (off64_t)length;
    written -= (ssize_t)length;
  }
}

// What was asked for may have been done in part: what was done is entered.
#define WRITING(call, place, ...)                                         \
  pthread_mutex_lock(&lock);                                              \
  uint32_t file = file_of(fd);                                            \
  off64_t where = file == 0 ? 0 : (off64_t)(place);                       \
  if (file == 0) pthread_mutex_unlock(&lock);                             \
  ssize_t written = call;                                                 \
  if (file == 0) return written;                                          \
  int error = errno;                                                      \
  enter_parts(file, where, __VA_ARGS__, written);                         \
  pthread_mutex_unlock(&lock);                                            \
  errno = error;                                                          \
  return written;

#define ONE (&(struct iovec){(void *)data, length}), 1

ssize_t write(int fd, const void *data, size_t length) { WRITING(REAL(write)(fd, data, length), place_of(fd), ONE) }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
  WRITING(REAL(pwrite)(fd, data, length, at), at, ONE)
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
  WRITING(REAL(pwrite64)(fd, data, length, at), at, ONE)
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITING(REAL(writev)(fd, parts, count), place_of(fd), parts, count)
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  WRITING(REAL(pwritev)(fd, parts, count, at), at, parts, count)
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  WRITING(REAL(pwritev64)(fd, parts, count, at), at, parts, count)
}

#define CUTTING(call)                                                     \
  pthread_mutex_lock(&lock);                                              \
  uint32_t file = file_of(fd);                                            \
  int status = call;                                                      \
  int error = errno;                                                      \
  if (file != 0 && status == 0) enter(TRUNCATED, file - 1, (uint64_t)size, NULL, 0); \
  pthread_mutex_unlock(&lock);                                            \
  errno = error;                                                          \
  return status;

int ftruncate(int fd, off_t size) { CUTTING(REAL(ftruncate)(fd, size)) }
int ftruncate64(int fd, off64_t size) { CUTTING(REAL(ftruncate64)(fd, size)) }

#define SYNCING(call)                                                     \
  pthread_mutex_lock(&lock);                                              \
  uint32_t file = file_of(fd);                                            \
  uint64_t began = file == 0 ? 0 : enter(SYNC_BEGUN, file - 1, 0, NULL, 0); \
  pthread_mutex_unlock(&lock);                                            \
  int status = call;                                                      \
  if (file == 0 || status != 0) return status;                            \
  pthread_mutex_lock(&lock);                                              \
  enter(SYNC_ENDED, file - 1, began, NULL, 0);                            \
  pthread_mutex_unlock(&lock);                                            \
  return status;

int fsync(int fd) { SYNCING(REAL(fsync)(fd)) }
int fdatasync(int fd) { SYNCING(REAL(fdatasync)(fd)) }

static int unlinked(int (*unlink_it)(const char *), const char *path) {
  const char *name = name_of(path);
  if (name == NULL) return unlink_it(path);
  pthread_mutex_lock(&lock);
  int status = unlink_it(path);
  int error = errno;
  if (status == 0) enter(UNLINKED, 0, 0, name, strlen(name));
  pthread_mutex_unlock(&lock);
  errno = error;
  return status;
}

int unlink(const char *path) { return unlinked(REAL(unlink), path); }
int remove(const char *path) { return unlinked(REAL(remove), path); }

int rename(const char *from, const char *to) {
  const char *name = name_of(from), *becomes = name_of(to);
  if (name == NULL && becomes == NULL) return REAL(rename)(from, to);
  if (name == NULL || becomes == NULL) unsupported("rename into or out of the folder");
  pthread_mutex_lock(&lock);
  int status = REAL(rename)(from, to);
  int error = errno;
  if (status == 0 && name != NULL && becomes != NULL) {
    char names[2 * PATH_MAX + 2];
    int length = snprintf(names, sizeof names, "%s/%s", name, becomes);
    enter(RENAMED, 0, 0, names, (size_t)length);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return status;
}

// The rest changes files, or makes others, by ways that are not followed.

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at) {
  // SQLite's index of the write-ahead log is shared memory; it is made anew after a crash, whatever is left of it.
  int is_written = (flags & MAP_SHARED) && (protection & PROT_WRITE) && is_recorded(fd);
  if (is_written) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t end = readlink(link, path, sizeof path);
    if (end < 4 || memcmp(path + end - 4, "-shm", 4) != 0) unsupported("mmap");
  }
  return REAL(mmap)(address, length, protection, flags, fd, at);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
  return mmap(address, length, protection, flags, fd, at);
}

#define REFUSED_FD(result, name, parameters, arguments) \
  result name parameters {                              \
    if (is_recorded(fd)) unsupported(#name);            \
    return REAL(name) arguments;                        \
  }
#define REFUSED_PATH(result, name, parameters, arguments) \
  result name parameters {                                \
    if (name_of(path) != NULL) unsupported(#name);        \
    return REAL(name) arguments;                          \
  }

REFUSED_FD(int, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
REFUSED_FD(int, fallocate64, (int fd, int mode, off64_t at, off64_t length), (fd, mode, at, length))
REFUSED_FD(int, posix_fallocate, (int fd, off_t at, off_t length), (fd, at, length))
REFUSED_FD(int, posix_fallocate64, (int fd, off64_t at, off64_t length), (fd, at, length))
REFUSED_FD(int, dup, (int fd), (fd))
REFUSED_FD(int, dup2, (int fd, int other), (fd, other))
REFUSED_FD(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
REFUSED_FD(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t count), (fd, from, at, count))
REFUSED_PATH(int, truncate, (const char *path, off_t size), (path, size))
REFUSED_PATH(int, truncate64, (const char *path, off64_t size), (path, size))
REFUSED_PATH(int, mkdir, (const char *path, mode_t mode), (path, mode))
REFUSED_PATH(int, creat, (const char *path, mode_t mode), (path, mode))
REFUSED_PATH(int, creat64, (const char *path, mode_t mode), (path, mode))
REFUSED_PATH(int, symlink, (const char *to, const char *path), (to, path))
REFUSED_PATH(int, link, (const char *from, const char *path), (from, path))

ssize_t copy_file_range(int from, off64_t *at, int fd, off64_t *to, size_t length, unsigned flags) {
  if (is_recorded(fd)) unsupported("copy_file_range");
  return REAL(copy_file_range)(from, at, fd, to, length, flags);
}
