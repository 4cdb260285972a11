package io.github.neuronembed.nrt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import java.lang.reflect.Field;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The statuses of Java and of the native core are the same. */
class NrtStatusTest {

  @BeforeAll
  static void load() {
    NativeLibrary.ensureAvailable();
  }

  @ParameterizedTest
  @EnumSource
  void theNativeCoreAgrees(NrtStatus status) throws Exception {
    BytePointer name = NeuronCapi.neuron_nrt_status_name(status.number());
    Field nativeClass = NeuronCapi.class.getField("NEURON_CLASS_" + status.statusClass());

    assertThat(name.getString()).isEqualTo(status.name());
    assertThat(NeuronCapi.neuron_nrt_status_class(status.number()))
        .isEqualTo(nativeClass.getInt(null));
    assertThat(NrtStatus.ofNumber(status.number())).isEqualTo(status);
  }

  @Test
  void theNativeCoreKnowsNoOthers() {
    int known = 0;
    for (int number = 0; number < 5000; number++) {
      BytePointer name = NeuronCapi.neuron_nrt_status_name(number);
      known += name == null || name.isNull() ? 0 : 1;
    }
    assertThat(known).isEqualTo(NrtStatus.values().length);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 8, 12, 4711, Integer.MAX_VALUE})
  void anUnknownNumberIsKept(int number) {
    NrtException e = new NrtException("message", number, "nrt_execute", 3);

    assertThat(NrtStatus.ofNumber(number)).isNull();
    assertThat(e.status()).isNull();
    assertThat(e.statusNumber()).isEqualTo(number);
    assertThat(e.statusClass()).isEqualTo(StatusClass.UNSPECIFIC);
    assertThat(e.core()).isEqualTo(3);
  }
}
