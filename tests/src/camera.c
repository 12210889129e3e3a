/* Loaded before libc (LD_PRELOAD): one camera for a program that speaks V4L2, on a machine without any.
 *
 * CAMERA_NODE is the device file that the program opens, CAMERA_PICTURE a JPEG of 640 by 480: what stands
 * before the camera. The picture is read anew for every frame. While it is empty the camera stalls; without
 * the file it is unplugged. Its buffers are a file in memory, so that mmap and munmap are the system's own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

enum { WIDTH = 640, HEIGHT = 480, RATE = 30, BUFFERS = 8, BUFFER_BYTES = WIDTH * HEIGHT * 2 };
static const long INTERVAL_NS = 1000000000L / RATE, NAP_NS = 2000000;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int device = -1;
static unsigned buffers, sequence, queue[BUFFERS], queued;
static int streaming;
static struct timespec due;

static int refuse(int error) {
    errno = error;
    return -1;
}

static int plain_open(const char *path, int flags) {
    REAL(int, "open", const char *, int, ...);
    return real(path, flags);
}

static int plain_close(int fd) {
    REAL(int, "close", int);
    return real(fd);
}

static int is_node(const char *path) {
    const char *node = getenv("CAMERA_NODE");
    return node && path && strcmp(path, node) == 0;
}

/* The bytes of the picture; 0 while the camera stalls, -1 when it is unplugged. */
static long picture_bytes(void) {
    struct stat file;
    const char *path = getenv("CAMERA_PICTURE");
    return path && stat(path, &file) == 0 ? (long)file.st_size : -1;
}

static int open_camera(void) {
    if (picture_bytes() < 0) return refuse(ENOENT);
    pthread_mutex_lock(&lock);
    if (device < 0) {
        device = memfd_create("camera", MFD_CLOEXEC);
        if (device >= 0 && ftruncate(device, (off_t)BUFFERS * BUFFER_BYTES) != 0) device = -1;
        buffers = queued = sequence = 0;
        streaming = 0;
    } else {
        /* One opener is enough here: a second one meets what it would meet at its first buffer. */
        errno = EBUSY;
        pthread_mutex_unlock(&lock);
        return -1;
    }
    int fd = device;
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        int mode = va_arg(rest, int); \
        va_end(rest); \
        if (is_node(path)) return open_camera(); \
        REAL(int, #name, const char *, int, ...); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd == device) device = -1;
    pthread_mutex_unlock(&lock);
    return plain_close(fd);
}

static long long until_due(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (due.tv_sec - now.tv_sec) * 1000000000LL + due.tv_nsec - now.tv_nsec;
}

/* Is there a frame to take? An unplugged camera is ready as well: to say so. */
static int ready(void) {
    long bytes = picture_bytes();
    return bytes < 0 || (bytes > 0 && streaming && queued > 0 && until_due() <= 0);
}

static void nap(void) {
    struct timespec time = {0, NAP_NS};
    nanosleep(&time, NULL);
}

static int fill(unsigned index) {
    int picture = plain_open(getenv("CAMERA_PICTURE"), O_RDONLY | O_CLOEXEC);
    if (picture < 0) return -1;
    lseek(device, (off_t)index * BUFFER_BYTES, SEEK_SET);
    /* From file to file: no copy of the picture stays in this process but in the buffer itself. */
    ssize_t bytes = sendfile(device, picture, NULL, BUFFER_BYTES);
    plain_close(picture);
    return (int)bytes;
}

static void describe(struct v4l2_buffer *buffer, unsigned index) {
    buffer->index = index;
    buffer->length = BUFFER_BYTES;
    buffer->m.offset = index * BUFFER_BYTES;
    buffer->field = V4L2_FIELD_NONE;
    buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
}

static int take(struct v4l2_buffer *buffer) {
    if (picture_bytes() < 0) return refuse(ENODEV);
    if (!streaming) return refuse(EINVAL);
    if (!ready()) return refuse(EAGAIN);
    unsigned index = queue[0];
    int bytes = fill(index);
    if (bytes < 0) return refuse(ENODEV);
    memmove(queue, queue + 1, --queued * sizeof *queue);
    clock_gettime(CLOCK_MONOTONIC, &due);
    describe(buffer, index);
    buffer->flags |= V4L2_BUF_FLAG_DONE;
    buffer->bytesused = (unsigned)bytes;
    buffer->sequence = sequence++;
    buffer->timestamp = (struct timeval){due.tv_sec, due.tv_nsec / 1000};
    due.tv_nsec += INTERVAL_NS;
    if (due.tv_nsec >= 1000000000) {
        due.tv_nsec -= 1000000000;
        due.tv_sec++;
    }
    return 0;
}

static void shape(struct v4l2_pix_format *format) {
    memset(format, 0, sizeof *format);
    format->width = WIDTH;
    format->height = HEIGHT;
    format->pixelformat = V4L2_PIX_FMT_MJPEG;
    format->field = V4L2_FIELD_NONE;
    format->sizeimage = BUFFER_BYTES;
    format->colorspace = V4L2_COLORSPACE_JPEG;
}

static void rate(struct v4l2_streamparm *parameters) {
    struct v4l2_captureparm *capture = &parameters->parm.capture;
    memset(&parameters->parm, 0, sizeof parameters->parm);
    capture->capability = V4L2_CAP_TIMEPERFRAME;
    capture->timeperframe = (struct v4l2_fract){1, RATE};
}

static void introduce(struct v4l2_capability *answer) {
    memset(answer, 0, sizeof *answer);
    strcpy((char *)answer->driver, "virtual");
    strcpy((char *)answer->card, "Virtual Camera");
    strcpy((char *)answer->bus_info, "platform:virtual-0");
    answer->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_EXT_PIX_FORMAT;
    answer->capabilities = answer->device_caps | V4L2_CAP_DEVICE_CAPS;
}

/* What the camera offers: one format, one size, one rate. */
static int offer(unsigned long request, void *argument) {
    if (request == VIDIOC_ENUM_FMT) {
        struct v4l2_fmtdesc *format = argument;
        if (format->index || format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return refuse(EINVAL);
        format->pixelformat = V4L2_PIX_FMT_MJPEG;
        format->flags = V4L2_FMT_FLAG_COMPRESSED;
        strcpy((char *)format->description, "Motion-JPEG");
    } else if (request == VIDIOC_ENUM_FRAMESIZES) {
        struct v4l2_frmsizeenum *size = argument;
        if (size->index || size->pixel_format != V4L2_PIX_FMT_MJPEG) return refuse(EINVAL);
        size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        size->discrete = (struct v4l2_frmsize_discrete){WIDTH, HEIGHT};
    } else {
        struct v4l2_frmivalenum *interval = argument;
        int other = interval->pixel_format != V4L2_PIX_FMT_MJPEG || interval->width != WIDTH;
        if (interval->index || other || interval->height != HEIGHT) return refuse(EINVAL);
        interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        interval->discrete = (struct v4l2_fract){1, RATE};
    }
    return 0;
}

static int buffered(unsigned long request, void *argument) {
    struct v4l2_buffer *buffer = argument;
    if (request == VIDIOC_DQBUF) return take(buffer);
    if (buffer->index >= buffers) return refuse(EINVAL);
    if (request == VIDIOC_QUERYBUF) {
        describe(buffer, buffer->index);
        return 0;
    }
    if (queued >= buffers) return refuse(EINVAL);
    queue[queued++] = buffer->index;
    return 0;
}

static int asked(unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: introduce(argument); return 0;
    case VIDIOC_ENUM_FMT:
    case VIDIOC_ENUM_FRAMESIZES:
    case VIDIOC_ENUM_FRAMEINTERVALS: return offer(request, argument);
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT:
    case VIDIOC_TRY_FMT: {
        struct v4l2_format *format = argument;
        if (request == VIDIOC_S_FMT && buffers > 0) return refuse(EBUSY);
        shape(&format->fmt.pix);
        return 0;
    }
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: rate(argument); return 0;
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wish = argument;
        if (wish->count > BUFFERS) wish->count = BUFFERS;
        buffers = wish->count;
        queued = 0;
        return 0;
    }
    case VIDIOC_QUERYBUF:
    case VIDIOC_QBUF:
    case VIDIOC_DQBUF: return buffered(request, argument);
    case VIDIOC_STREAMON:
        streaming = 1;
        clock_gettime(CLOCK_MONOTONIC, &due);
        return 0;
    case VIDIOC_STREAMOFF:
        streaming = 0;
        queued = 0;
        return 0;
    case VIDIOC_QUERYCTRL:
    case VIDIOC_QUERY_EXT_CTRL: return refuse(EINVAL);
    default: return refuse(ENOTTY);
    }
}

static int ask(unsigned long request, void *argument) {
    pthread_mutex_lock(&lock);
    int answer = picture_bytes() < 0 ? refuse(ENODEV) : asked(request, argument);
    pthread_mutex_unlock(&lock);
    return answer;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (fd >= 0 && fd == device) return ask(request, argument);
    REAL(int, "ioctl", int, unsigned long, ...);
    return real(fd, request, argument);
}

/* Some libraries ask through here, because ioctl has another type on every system. */
long syscall(long number, ...) {
    va_list rest;
    long words[6];
    va_start(rest, number);
    for (int word = 0; word < 6; word++) words[word] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_ioctl && (int)words[0] >= 0 && (int)words[0] == device)
        return ask((unsigned long)words[1], (void *)words[2]);
    REAL(long, "syscall", long, ...);
    return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

int poll(struct pollfd *files, nfds_t count, int patience_ms) {
    if (count != 1 || files->fd < 0 || files->fd != device) {
        REAL(int, "poll", struct pollfd *, nfds_t, int);
        return real(files, count, patience_ms);
    }
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (;;) {
        pthread_mutex_lock(&lock);
        int there = ready();
        pthread_mutex_unlock(&lock);
        if (there) {
            files->revents = picture_bytes() < 0 ? POLLERR | POLLHUP : POLLIN;
            return 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        long passed_ms = (now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000;
        if (patience_ms >= 0 && passed_ms >= patience_ms) {
            files->revents = 0;
            return 0;
        }
        nap();
    }
}
