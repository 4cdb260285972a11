package io.github.neuronembed.measurements;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.cli.Vectors;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.PreparedGraph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A model's own graph beside its prepared one: milliseconds of an execution on one thread, for full
 * batches of random tokens. The two take turns within a round, so that a disturbance of the machine
 * meets both; the median of the rounds' ratios counts.
 *
 * <p>Arguments: the model (a directory, or bge-small-en-v1.5), the precision (fp32 or int8), the
 * number of rounds, and seconds that each graph runs in a round.
 */
public final class GraphComparison {

  private static final List<Shape> SHAPES =
      List.of(new Shape(1, 64), new Shape(1, 256), new Shape(8, 64));

  /** Ids from here on are words in BERT's vocabularies. */
  private static final int FIRST_WORD = 1000;

  private GraphComparison() {}

  /** Prints a line for each shape. */
  public static void main(String[] args) throws Exception {
    if (args.length != 4) {
      System.err.println("Usage: GraphComparison MODEL fp32|int8 ROUNDS SECONDS");
      System.exit(2);
    }
    ModelDirectory model = ModelArgument.resolve(args[0]);
    Path original = model.onnxFile(args[1].equals("int8") ? Precision.INT8 : Precision.FP32);
    int rounds = Integer.parseInt(args[2]);
    long nanos = (long) (Double.parseDouble(args[3]) * 1e9);
    Path prepared = Files.createTempFile("prepared", ".onnx");
    try {
      long start = System.nanoTime();
      PreparedGraph.prepare(original, prepared, model.pooling(), model.normalize());
      System.out.printf(
          "%s %s, prepared in %d ms, %d rounds%n",
          model.name(), args[1], (System.nanoTime() - start) / 1_000_000, rounds);
      for (Shape shape : SHAPES) {
        compare(model, shape, original, prepared, rounds, nanos);
      }
    } finally {
      Files.deleteIfExists(prepared);
    }
  }

  private static void compare(
      ModelDirectory model, Shape shape, Path original, Path prepared, int rounds, long nanos) {
    OnnxOptions options = new OnnxOptions(1, 1, List.of(shape));
    try (OnnxBackend before = OnnxBackend.open(original, model.padTokenId(), options);
        OnnxBackend after = OnnxBackend.open(prepared, model.padTokenId(), options);
        ExecutionSlot first = before.replicas().get(0).newSlot(shape);
        ExecutionSlot second = after.replicas().get(0).newSlot(shape)) {
      fill(first, model.vocabularySize());
      fill(second, model.vocabularySize());
      VectorReader reader = new VectorReader(model.pooling(), model.normalize());
      double[] firstMillis = new double[rounds];
      double[] secondMillis = new double[rounds];
      double[] ratios = new double[rounds];
      // Once for nothing: the first executions allocate.
      millis(first, reader, nanos / 2);
      millis(second, reader, nanos / 2);
      for (int round = 0; round < rounds; round++) {
        if (round % 2 == 0) {
          firstMillis[round] = millis(first, reader, nanos);
          secondMillis[round] = millis(second, reader, nanos);
        } else {
          secondMillis[round] = millis(second, reader, nanos);
          firstMillis[round] = millis(first, reader, nanos);
        }
        ratios[round] = firstMillis[round] / secondMillis[round];
      }
      Arrays.sort(ratios);
      System.out.printf(
          "%-7s original %7.2f ms   prepared %7.2f ms   ratio %.2f (rounds %.2f to %.2f)"
              + "   cosine at least %.7f%n",
          shape,
          median(firstMillis),
          median(secondMillis),
          median(ratios),
          ratios[0],
          ratios[rounds - 1],
          leastCosine(reader, shape, first, second));
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

  /** Milliseconds of an execution and of reading its vectors, the median of a while. */
  private static double millis(ExecutionSlot slot, VectorReader reader, long nanos) {
    double[] each = new double[16];
    int count = 0;
    long end = System.nanoTime() + nanos;
    do {
      long start = System.nanoTime();
      slot.execute();
      for (int row = 0; row < slot.shape().batchSize(); row++) {
        reader.read(slot.tokens(), slot.output(), row);
      }
      if (count == each.length) {
        each = Arrays.copyOf(each, 2 * count);
      }
      each[count++] = (System.nanoTime() - start) / 1e6;
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
