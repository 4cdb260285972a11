# A toolchain file: Debian's cross compiler for Linux aarch64 (g++-aarch64-linux-gnu), libraries from
# an unpacked Debian, tests under user-mode emulation (qemu-user). tools/platforms/aarch64.sh uses it.
#   -DNEURON_EMBED_SYSROOT=FOLDER   the unpacked Debian

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L "${NEURON_EMBED_SYSROOT}")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NEURON_EMBED_SYSROOT)

set(CMAKE_FIND_ROOT_PATH "${NEURON_EMBED_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
