/**
 * The backend on the native core's own encoder: BERT models on this machine's processor, in
 * products of integers. The only package that knows {@code io.github.neuronembed.encoder}.
 *
 * <p>The system property {@value io.github.neuronembed.backend.cpu.CpuKernels#KERNEL_PROPERTY}
 * names the kernel to run, for tests and comparisons; else the fastest that the processor has runs.
 */
@NullMarked
package io.github.neuronembed.backend.cpu;

import org.jspecify.annotations.NullMarked;
