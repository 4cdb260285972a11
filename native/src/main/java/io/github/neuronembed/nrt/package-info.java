/**
 * Compiled models on NeuronCores: a thin, safe layer over the native core, which runs them through
 * AWS's libnrt. It works on byte buffers, not on text.
 *
 * <pre>{@code
 * try (NeuronRuntime runtime = NeuronRuntime.open(NrtLibrary.open(), RuntimeOptions.defaults());
 *     NeuronModel model = runtime.load(Path.of("model.neff"), 0);
 *     NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH)) {
 *   slot.inputs().get(0).asIntBuffer().put(0, tokenIds);
 *   slot.execute();
 *   slot.outputs().get(0).asFloatBuffer().get(0, vector);
 * }
 * }</pre>
 *
 * <p><b>Native library.</b> {@link io.github.neuronembed.nrt.NativeLibrary} loads it at first use,
 * from the jar with the classifier of the platform (linux-x86_64, linux-aarch64). Its absence is a
 * value, not a crash. Two system properties change how it is found, {@value
 * io.github.neuronembed.nrt.NativeLibrary#PATH_PROPERTY} and {@value
 * io.github.neuronembed.nrt.NativeLibrary#DIRECTORY_PROPERTY}.
 *
 * <p><b>libnrt.</b> {@link io.github.neuronembed.nrt.NrtLibrary#open()} takes {@code libnrt.so.1}
 * by the rules of the dynamic loader, else {@code /opt/aws/neuron/lib/libnrt.so.1}; {@link
 * io.github.neuronembed.nrt.NrtLibrary#open(java.nio.file.Path)} takes one file and no other;
 * {@link io.github.neuronembed.nrt.NrtEmulator} is the project's own, for machines without Neuron
 * devices.
 *
 * <p><b>Lifetimes.</b> A runtime owns models, a model owns slots. Closing a parent that still has
 * children throws {@link java.lang.IllegalStateException} and changes nothing; closing twice does
 * nothing; using a closed object throws {@link java.lang.IllegalStateException}; closing waits for
 * calls in flight. What is forgotten is reported in the log of {@code io.github.neuronembed.nrt},
 * not freed behind the program's back. With the system property {@value
 * io.github.neuronembed.nrt.Gate#TRACE_PROPERTY} set to {@code true} these reports and exceptions
 * carry the stack of the creation or the close.
 *
 * <p><b>Errors.</b> {@link io.github.neuronembed.nrt.NrtException} says what libnrt, the file or
 * the machine refused. {@link java.lang.IllegalArgumentException} and {@link
 * java.lang.IllegalStateException} are errors of the caller.
 *
 * <p>None of this has run on Neuron hardware yet: it was built against libnrt's documented ABI and
 * proven on the emulator.
 */
@NullMarked
package io.github.neuronembed.nrt;

import org.jspecify.annotations.NullMarked;
