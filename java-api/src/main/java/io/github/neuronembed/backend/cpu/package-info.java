/**
 * The backend with the native core's own encoder: BERT models on this machine's processor, with
 * integer products. The only package that uses {@code io.github.neuronembed.encoder}.
 *
 * <p>The system property {@value io.github.neuronembed.backend.cpu.CpuKernels#KERNEL_PROPERTY}
 * names the kernel to run, for tests and comparisons; the default is the fastest kernel that the
 * processor supports.
 */
@NullMarked
package io.github.neuronembed.backend.cpu;

import org.jspecify.annotations.NullMarked;
