package io.github.neuronembed.nrt;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Crosses the JNI border in every way that the module does. {@link JniCheckTest} runs it in a JVM
 * that checks each crossing.
 */
public final class JniCheckedProgram {

  private JniCheckedProgram() {}

  /**
   * Runs the program.
   *
   * @param args the NEFF of a hashed model with two inputs
   * @throws Exception if something goes wrong that should not
   */
  public static void main(String[] args) throws Exception {
    Path neff = Path.of(args[0]);
    NrtEmulator emulator = NrtEmulator.open();
    emulator.configure("{\"cores\": 2, \"lockDirectory\": \"\"}");
    refused(() -> NrtLibrary.open(Path.of("/nonexistent/libnrt.so.1")));
    refused(() -> emulator.configure("{"));
    try (NeuronRuntime runtime =
        NeuronRuntime.open(emulator.library(), RuntimeOptions.defaults())) {
      runtime.memoryStats(0);
      refused(() -> runtime.load(Path.of("/nonexistent.neff"), 0));
      refused(() -> runtime.load(neff, 7));
      for (InputPath path : InputPath.values()) {
        try (NeuronModel model = runtime.load(neff, 1);
            NeuronSlot slot = model.newSlot(path)) {
          execute(slot, 100);
          refused(model::close);
        }
      }
      try (NeuronModel model = runtime.load(neff, 0)) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          Thread thread =
              new Thread(
                  () -> {
                    try (NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH)) {
                      execute(slot, 500);
                    }
                  });
          threads.add(thread);
          thread.start();
        }
        for (Thread thread : threads) {
          thread.join();
        }
        try (NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH)) {
          emulator.setFaults("[{\"call\": \"execute\", \"status\": 1006}]");
          refused(slot::execute);
        }
      }
      emulator.core(0);
    }
    if (emulator.counters().live() != 0) {
      throw new AssertionError(emulator.counters());
    }
    System.out.println("all crossings done");
  }

  private static void execute(NeuronSlot slot, int times) {
    ByteBuffer ids = slot.inputs().get(0);
    ByteBuffer mask = slot.inputs().get(1);
    for (int i = 0; i < ids.capacity(); i += Integer.BYTES) {
      ids.putInt(i, 1 + i);
      mask.putInt(i, 1);
    }
    for (int i = 0; i < times; i++) {
      slot.execute();
    }
  }

  private static void refused(Runnable call) {
    try {
      call.run();
    } catch (NrtException | IllegalArgumentException | IllegalStateException e) {
      return;
    }
    throw new AssertionError("This should have been refused.");
  }
}
