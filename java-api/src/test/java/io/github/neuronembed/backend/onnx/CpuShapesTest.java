package io.github.neuronembed.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.Shape;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuShapesTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 100, 512, 8192})
  void lengthsRiseToTheLimitAndWasteLittle(int maxTokens) {
    List<Shape> shapes = CpuShapes.upTo(maxTokens);

    assertThat(shapes.get(shapes.size() - 1).sequenceLength()).isEqualTo(maxTokens);
    for (int i = 1; i < shapes.size(); i++) {
      int shorter = shapes.get(i - 1).sequenceLength();
      int longer = shapes.get(i).sequenceLength();
      assertThat(longer).isGreaterThan(shorter);
      assertThat(longer - shorter).isLessThanOrEqualTo(Math.max(8, shorter / 4));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 512})
  void batchesAreBoundedByTokens(int maxTokens) {
    assertThat(CpuShapes.upTo(maxTokens))
        .allSatisfy(
            shape ->
                assertThat(shape.tokens())
                    .isLessThanOrEqualTo(Math.max(256, shape.sequenceLength())));
  }
}
