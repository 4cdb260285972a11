package io.github.neuronembed.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

  private static final int ALL = 4_000_000;

  @Test
  void smallRequestsFitHoweverManyAreLarge() {
    MemoryBudget budget = new MemoryBudget(ALL);
    MemoryBudget.Part large = budget.part();
    assertThat(large.extend(3_000_000)).isTrue();
    assertThat(large.extend(1)).isFalse();
    assertThat(budget.part(100_000)).isNull();

    MemoryBudget.Part small = budget.part();

    assertThat(small.extend(1000)).isTrue();
    assertThat(budget.taken()).isEqualTo(3_001_000);
    large.close();
    large.close();
    small.close();
    assertThat(budget.taken()).isZero();
  }

  @Test
  void aBodyTakesWhatItHoldsHoweverItArrives() {
    MemoryBudget budget = new MemoryBudget(ALL);
    Random random = new Random(7);
    byte[] bytes = new byte[300_000];
    random.nextBytes(bytes);
    RequestBody body = new RequestBody(budget);
    for (int at = 0; at < bytes.length; ) {
      int count = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 3 : 9000));
      assertThat(body.append(Buffer.buffer().appendBytes(bytes, at, count))).isTrue();
      at += count;
    }

    assertThat(body.length()).isEqualTo(bytes.length);
    assertThat(body.bytes()).isEqualTo(bytes);
    assertThat(body.stream()).hasBinaryContent(bytes);
    assertThat(budget.taken()).isBetween(300_000L, 300_000L + 65_536);
    assertThat(body.append(Buffer.buffer(new byte[ALL]))).isFalse();
    body.close();
    assertThat(budget.taken()).isZero();
  }
}
