package io.github.neuronembed.measurements;

import io.github.neuronembed.CpuModels;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.cpu.CpuOptions;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.cli.Vectors;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.PreparedGraphCache;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Compares the ways to compute a model on one core: its rewritten graph on ONNX Runtime, and the
 * native core's encoder in both precisions. The figures are milliseconds of processor time of the
 * executing thread, for full batches of random tokens. The contenders take turns within a round, so
 * that a disturbance of the machine affects all of them. The result is the median of the rounds'
 * ratios.
 *
 * <p>Arguments: the model (a directory, or bge-small-en-v1.5), the number of rounds, the seconds of
 * each contender's turn, and shapes such as {@code 1x64}.
 */
public final class GraphComparison {

  /** The first id that is a word in BERT's vocabularies. */
  private static final int FIRST_WORD = 1000;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private GraphComparison() {}

  /** Prints a line for each shape and contender. */
  public static void main(String[] args) {
    if (args.length < 4) {
      System.err.println("Usage: GraphComparison MODEL ROUNDS SECONDS SHAPE...");
      System.exit(2);
    }
    ModelDirectory model = ModelArgument.resolve(args[0]);
    int rounds = Integer.parseInt(args[1]);
    long nanos = (long) (Double.parseDouble(args[2]) * 1e9);
    Map<String, Function<Shape, InferenceBackend>> contenders = new LinkedHashMap<>();
    contenders.put(
        "onnx fp32",
        shape ->
            OnnxBackend.open(
                PreparedGraphCache.ofUser().fileFor(model, Precision.FP32),
                model.padTokenId(),
                new OnnxOptions(1, 1, List.of(shape))));
    for (Precision precision : List.of(Precision.EXACT, Precision.INT8)) {
      contenders.put(
          "encoder " + precision.name().toLowerCase(Locale.ROOT),
          shape -> CpuModels.open(model, precision, new CpuOptions(1, 1, List.of(shape))));
    }
    System.out.printf(Locale.ROOT, "%s, %d rounds, processor time%n", model.name(), rounds);
    for (String shape : Arrays.asList(args).subList(3, args.length)) {
      String[] sizes = shape.split("x", -1);
      compare(
          model,
          new Shape(Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1])),
          contenders,
          rounds,
          nanos);
    }
  }

  private static void compare(
      ModelDirectory model,
      Shape shape,
      Map<String, Function<Shape, InferenceBackend>> contenders,
      int rounds,
      long nanos) {
    List<String> names = List.copyOf(contenders.keySet());
    List<InferenceBackend> backends = new ArrayList<>();
    List<ExecutionSlot> slots = new ArrayList<>();
    VectorReader reader = new VectorReader(model.pooling(), model.normalize());
    try {
      for (String name : names) {
        InferenceBackend backend = Objects.requireNonNull(contenders.get(name)).apply(shape);
        backends.add(backend);
        ExecutionSlot slot = backend.replicas().get(0).newSlot(shape);
        slots.add(slot);
        fill(slot, model.vocabularySize());
        // A warm-up: the first executions allocate.
        millis(slot, reader, nanos / 2);
      }
      double[][] millis = new double[names.size()][rounds];
      double[][] ratios = new double[names.size()][rounds];
      for (int round = 0; round < rounds; round++) {
        for (int turn = 0; turn < names.size(); turn++) {
          // Every second round has the opposite order.
          int which = round % 2 == 0 ? turn : names.size() - 1 - turn;
          millis[which][round] = millis(slots.get(which), reader, nanos);
        }
        for (int which = 0; which < names.size(); which++) {
          ratios[which][round] = millis[0][round] / millis[which][round];
        }
      }
      for (int which = 0; which < names.size(); which++) {
        Arrays.sort(ratios[which]);
        System.out.printf(
            Locale.ROOT,
            "%-7s %-14s %8.2f ms   ratio %.2f (rounds %.2f to %.2f)   least cosine %.7f   %s%n",
            shape,
            names.get(which),
            median(millis[which]),
            median(ratios[which]),
            ratios[which][0],
            ratios[which][rounds - 1],
            leastCosine(reader, shape, slots.get(0), slots.get(which)),
            backends.get(which).description());
      }
    } finally {
      slots.forEach(ExecutionSlot::close);
      backends.forEach(InferenceBackend::close);
    }
  }

  private static void fill(ExecutionSlot slot, int vocabularySize) {
    SplittableRandom random = new SplittableRandom(1);
    Shape shape = slot.shape();
    slot.tokens().begin(shape.batchSize(), shape.sequenceLength());
    for (int row = 0; row < shape.batchSize(); row++) {
      int[] ids = new int[shape.sequenceLength()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = random.nextInt(Math.min(FIRST_WORD, vocabularySize - 1), vocabularySize);
      }
      slot.tokens().row(ids);
    }
    slot.tokens().finish();
  }

  /** The median milliseconds of an execution, with the reading of its vectors. */
  private static double millis(ExecutionSlot slot, VectorReader reader, long nanos) {
    double[] each = new double[16];
    int count = 0;
    long end = System.nanoTime() + nanos;
    do {
      long start = THREADS.getCurrentThreadCpuTime();
      slot.execute();
      for (int row = 0; row < slot.shape().batchSize(); row++) {
        reader.read(slot.tokens(), slot.output(), row);
      }
      if (count == each.length) {
        each = Arrays.copyOf(each, 2 * count);
      }
      each[count++] = (THREADS.getCurrentThreadCpuTime() - start) / 1e6;
    } while (System.nanoTime() < end);
    return median(Arrays.copyOf(each, count));
  }

  private static double leastCosine(
      VectorReader reader, Shape shape, ExecutionSlot first, ExecutionSlot second) {
    double least = 1;
    for (int row = 0; row < shape.batchSize(); row++) {
      float[] a = reader.read(first.tokens(), first.output(), row);
      float[] b = reader.read(second.tokens(), second.output(), row);
      least = Math.min(least, Vectors.cosine(a, b));
    }
    return least;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
