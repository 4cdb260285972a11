package io.github.neuronembed.advice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.advice.ShapeAdvisor.Advice;
import io.github.neuronembed.backend.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ShapeAdvisorTest {

  private static final DeviceTimes TIMES = new ModelledTimes();

  /** A search service: many queries, few passages. */
  private static Map<Integer, Long> searchLengths() {
    Map<Integer, Long> texts = new TreeMap<>();
    for (int length = 5; length <= 24; length++) {
      texts.put(length, 40L);
    }
    for (int length = 60; length <= 300; length += 5) {
      texts.put(length, 4L);
    }
    return texts;
  }

  @Test
  void shortTextsGetManyRowsOrManyTextsARow() {
    Advice plain =
        ShapeAdvisor.advise(Map.of(12, 100L), ShapeAdvisor.candidates(512, false), TIMES, 1).get(0);
    assertThat(plain.shapes()).hasSize(1);
    assertThat(plain.shapes().get(0).sequenceLength()).isEqualTo(16);
    assertThat(plain.shapes().get(0).batchSize()).isGreaterThan(1);
  }

  @Test
  void timeDecidesAndNotPaddingAlone() {
    // Padding alone would choose 1×32, whose execution costs what 1×8 costs, too.
    DeviceTimes flat = shape -> 1_000_000;
    Advice advice =
        ShapeAdvisor.advise(
                Map.of(8, 50L, 32, 50L),
                List.of(new Shape(1, 8), new Shape(1, 32), new Shape(8, 32)),
                flat,
                1)
            .get(0);
    assertThat(advice.shapes()).containsExactly(new Shape(8, 32));
    assertThat(advice.offline().textsPerSecond()).isGreaterThan(7_900);
  }

  @Test
  void packedShapesWinWhereLengthsDifferAndLoseOnUniformLongTexts() {
    List<Shape> candidates = ShapeAdvisor.candidates(512, true);
    assertThat(ShapeAdvisor.advise(searchLengths(), candidates, TIMES, 2).get(1).shapes())
        .anyMatch(Shape::isPacked);
    Map<Integer, Long> longTexts = new TreeMap<>();
    for (int length = 400; length <= 512; length++) {
      longTexts.put(length, 1L);
    }
    assertThat(ShapeAdvisor.advise(longTexts, candidates, TIMES, 1).get(0).shapes())
        .containsExactly(new Shape(1, 512));
  }

  @Test
  void moreShapesAreNeverSlowerByMuchAndHoldTheLongest() {
    List<Advice> bySize =
        ShapeAdvisor.advise(searchLengths(), ShapeAdvisor.candidates(512, true), TIMES, 4);
    for (int i = 0; i < bySize.size(); i++) {
      List<Shape> shapes = bySize.get(i).shapes();
      assertThat(shapes).hasSizeLessThanOrEqualTo(i + 1).isSorted();
      assertThat(shapes.get(shapes.size() - 1).sequenceLength()).isGreaterThanOrEqualTo(300);
      assertThat(bySize.get(i).offline().textsPerSecond())
          .isGreaterThan(0.95 * bySize.get(0).offline().textsPerSecond());
    }
  }

  @Test
  void candidatesAreMultiplesUpToTheLimit() {
    assertThat(ShapeAdvisor.candidates(100, true))
        .contains(new Shape(1, 8), new Shape(32, 100), new Shape(1, 64, 8), new Shape(8, 100, 12))
        .allMatch(shape -> shape.sequenceLength() <= 100);
    assertThat(ShapeAdvisor.candidates(100, false)).noneMatch(Shape::isPacked);
  }

  @Test
  void refusesWhatCannotBeServed() {
    List<Shape> shapes = List.of(new Shape(1, 8));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShapeAdvisor.advise(Map.of(9, 1L), shapes, TIMES, 1))
        .withMessageContaining("9 tokens");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShapeAdvisor.advise(Map.of(), shapes, TIMES, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShapeAdvisor.advise(Map.of(8, 0L), shapes, TIMES, 1));
  }
}
