package io.github.neuronembed.advice;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EngineSimulation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntSupplier;

/**
 * Proposes the shapes to compile for the observed texts: those with the least expected device time
 * per text. A search by each text's share of full executions finds sets of each size: of plain
 * shapes, of packed ones and of both. The engine's simulation decides between them, because only it
 * computes which texts share an execution.
 */
public final class ShapeAdvisor {

  /** Batch sizes of the plain shapes that are considered. */
  private static final int[] BATCHES = {1, 4, 8, 16, 32};

  private static final int[] PACKED_BATCHES = {1, 8};

  /** Lengths of plain shapes are multiples of this, as compilers like it, those of packed of 64. */
  private static final int MULTIPLE = 8;

  private static final int PACKED_MULTIPLE = 64;

  /** Tokens of a row for each text that it may hold: texts are hardly shorter on average. */
  private static final int TOKENS_PER_TEXT = 8;

  /** The part of a packed row that first fit fills while many texts wait. */
  private static final double PACKED_FILL = 0.97;

  /** The cost of a text that does not fit a shape, in nanoseconds: more than any sum. */
  private static final double IMPOSSIBLE = 1e15;

  /** A larger set has to be faster by this factor. */
  private static final double LEAST_GAIN = 1.005;

  private static final int SIMULATED_TEXTS = 10_000;

  private ShapeAdvisor() {}

  /**
   * A proposal.
   *
   * @param shapes to compile, ascending; the longest holds the longest text
   * @param offline the results of one core with them while there are always more texts
   */
  public record Advice(List<Shape> shapes, EngineSimulation.Outcome offline) {}

  /**
   * Shapes that may be considered.
   *
   * @param longest tokens of the longest text, or the model's limit
   * @param packed whether several texts a row are considered, too
   */
  public static List<Shape> candidates(int longest, boolean packed) {
    TreeSet<Shape> shapes = new TreeSet<>();
    for (int batch : BATCHES) {
      for (int length = MULTIPLE; length < longest + MULTIPLE; length += MULTIPLE) {
        shapes.add(new Shape(batch, Math.min(length, longest)));
      }
    }
    for (int batch : PACKED_BATCHES) {
      for (int length = PACKED_MULTIPLE;
          packed && longest >= PACKED_MULTIPLE && length < longest + PACKED_MULTIPLE;
          length += PACKED_MULTIPLE) {
        int tokens = Math.min(length, longest);
        shapes.add(new Shape(batch, tokens, tokens / TOKENS_PER_TEXT));
      }
    }
    return List.copyOf(shapes);
  }

  /**
   * The best proposal of each size.
   *
   * @param texts how many texts there were, by tokens, see {@link
   *     io.github.neuronembed.engine.EngineSnapshot#lengths()}
   * @param candidates the shapes to choose from
   * @param times how long they take
   * @param most shapes at most
   * @return proposals with increasing numbers of shapes, each faster than the one before
   * @throws IllegalArgumentException if there are no texts, a length or count is not positive, or
   *     no candidate holds the longest text
   */
  public static List<Advice> advise(
      Map<Integer, Long> texts, List<Shape> candidates, DeviceTimes times, int most) {
    int longest = check(texts, most);
    List<Shape> holding = new ArrayList<>();
    for (Shape shape : candidates) {
      if (shape.sequenceLength() >= longest) {
        holding.add(shape);
      }
    }
    if (holding.isEmpty()) {
      throw new IllegalArgumentException(
          "No shape to choose from holds the longest text, of %s tokens.".formatted(longest));
    }
    List<Advice> all = new ArrayList<>();
    for (int size = 1; size <= most; size++) {
      TreeMap<String, List<Shape>> sets = new TreeMap<>();
      for (List<Shape> kind : kinds(candidates, longest)) {
        List<Shape> set = choose(texts, kind, times, size);
        sets.put(set.toString(), set);
      }
      Advice best =
          sets.values().stream()
              .map(set -> new Advice(set, offline(texts, set, times)))
              .max(Comparator.comparingDouble(advice -> advice.offline.textsPerSecond()))
              .orElseThrow();
      if (all.isEmpty() || gains(best, all.get(all.size() - 1))) {
        all.add(best);
      }
    }
    return List.copyOf(all);
  }

  private static boolean gains(Advice advice, Advice smaller) {
    return advice.offline.textsPerSecond() > LEAST_GAIN * smaller.offline.textsPerSecond();
  }

  private static int check(Map<Integer, Long> texts, int most) {
    if (texts.isEmpty() || most < 1) {
      throw new IllegalArgumentException("There is at least one text, and one shape to choose.");
    }
    int longest = 0;
    for (Map.Entry<Integer, Long> entry : texts.entrySet()) {
      if (entry.getKey() < 1 || entry.getValue() < 1) {
        throw new IllegalArgumentException(
            "%s texts of %s tokens: both are positive."
                .formatted(entry.getValue(), entry.getKey()));
      }
      longest = Math.max(longest, entry.getKey());
    }
    return longest;
  }

  /** All candidates, the plain ones and the packed ones, as far as they hold the longest text. */
  private static List<List<Shape>> kinds(List<Shape> candidates, int longest) {
    List<List<Shape>> kinds = new ArrayList<>();
    kinds.add(candidates);
    kinds.add(candidates.stream().filter(shape -> !shape.isPacked()).toList());
    kinds.add(candidates.stream().filter(Shape::isPacked).toList());
    kinds.removeIf(kind -> kind.stream().noneMatch(shape -> shape.sequenceLength() >= longest));
    return kinds;
  }

  /**
   * The results of one core with shapes and texts like these, while there are always more texts.
   */
  public static EngineSimulation.Outcome offline(
      Map<Integer, Long> texts, List<Shape> shapes, DeviceTimes times) {
    return new EngineSimulation(shapes, times::nanos, 1).offline(draws(texts, 1), SIMULATED_TEXTS);
  }

  /** Random lengths with the observed distribution. */
  public static IntSupplier draws(Map<Integer, Long> texts, long seed) {
    TreeMap<Long, Integer> upTo = new TreeMap<>();
    long count = 0;
    for (Map.Entry<Integer, Long> entry : new TreeMap<>(texts).entrySet()) {
      count += entry.getValue();
      upTo.put(count, entry.getKey());
    }
    SplittableRandom random = new SplittableRandom(seed);
    long all = count;
    return () -> upTo.higherEntry(random.nextLong(all)).getValue();
  }

  /** Adds the shape that saves most, one by one, and then replaces each as long as that saves. */
  private static List<Shape> choose(
      Map<Integer, Long> texts, List<Shape> candidates, DeviceTimes times, int size) {
    int[] lengths = texts.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    double[] counts = Arrays.stream(lengths).mapToDouble(texts::get).toArray();
    double[][] costs = new double[candidates.size()][lengths.length];
    for (int i = 0; i < costs.length; i++) {
      for (int l = 0; l < lengths.length; l++) {
        costs[i][l] = counts[l] * cost(lengths[l], candidates.get(i), times);
      }
    }
    List<Integer> chosen = new ArrayList<>();
    double sum = Double.MAX_VALUE;
    for (int i = 0; i < size; i++) {
      chosen.add(-1);
      double next = replace(chosen, i, costs);
      if (next >= sum) {
        chosen.remove(i);
        break;
      }
      sum = next;
    }
    for (boolean better = true; better; ) {
      better = false;
      for (int i = 0; i < chosen.size(); i++) {
        double next = replace(chosen, i, costs);
        better |= next < sum;
        sum = next;
      }
    }
    return chosen.stream().distinct().map(candidates::get).sorted().toList();
  }

  /** Puts the best candidate at an index; returns the sum with it. */
  private static double replace(List<Integer> chosen, int place, double[][] costs) {
    double[] others = new double[costs[0].length];
    Arrays.fill(others, Double.MAX_VALUE);
    for (int i = 0; i < chosen.size(); i++) {
      if (i != place) {
        double[] ofChosen = costs[chosen.get(i)];
        for (int l = 0; l < others.length; l++) {
          others[l] = Math.min(others[l], ofChosen[l]);
        }
      }
    }
    int best = chosen.get(place);
    double bestSum = best < 0 ? Double.MAX_VALUE : sum(others, costs[best]);
    for (int candidate = 0; candidate < costs.length; candidate++) {
      double sum = sum(others, costs[candidate]);
      if (sum < bestSum) {
        best = candidate;
        bestSum = sum;
      }
    }
    chosen.set(place, best);
    return bestSum;
  }

  private static double sum(double[] some, double[] others) {
    double sum = 0;
    for (int l = 0; l < some.length; l++) {
      sum += Math.min(some[l], others[l]);
    }
    return sum;
  }

  /** The part of a full execution that a text takes, in nanoseconds. */
  private static double cost(int length, Shape shape, DeviceTimes times) {
    if (length > shape.sequenceLength()) {
      return IMPOSSIBLE;
    }
    double ofRow = (double) times.nanos(shape) / shape.batchSize();
    return shape.isPacked()
        ? ofRow
            * Math.max(
                Math.min(1, length / (PACKED_FILL * shape.sequenceLength())),
                1.0 / shape.textsPerRow())
        : ofRow;
  }
}
