/* Makes each fsync take 2 ms longer, as on a slower disk: cc -shared -fPIC -o slow.so slow_fsync.c -ldl, LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

static const useconds_t LONGER_US = 2000;

static int slowly(const char *name, int descriptor) {
    int (*plain)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    usleep(LONGER_US);
    return plain(descriptor);
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }
int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
