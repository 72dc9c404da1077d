// How the C library treats freed memory: for programs that compute, which use the same large arrays again and again.
#pragma once

namespace offprint {

/// Freed memory up to 1 GB stays with the process instead of going back to the system at once. With glibc's defaults an
/// array of more than 128 kB to 32 MB is mapped anew at every use and its pages are cleared one fault at a time: the
/// products of a convolutional network with its Hessian took 4 to 5 times the processor time (docs/benchmarks.md).
/// Changes the whole process, hence for main() and not for libraries. Does nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace offprint
