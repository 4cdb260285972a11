package io.github.neuronembed.nrt.presets;

import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * Tells the generator how to bind {@code capi/neuron_capi.h} and {@code capi/encoder_capi.h}: into
 * {@code io.github.neuronembed.nrt.bindings}, under the names of the headers. No function throws,
 * and none calls back. The generated class extends this one.
 */
@NoException
@Properties(
    value =
        @Platform(
            include = {"capi/neuron_capi.h", "capi/encoder_capi.h"},
            library = "jnineuron_embed"),
    target = "io.github.neuronembed.nrt.bindings",
    global = "io.github.neuronembed.nrt.bindings.NeuronCapi")
public class NeuronCapiPreset implements InfoMapper {

  @Override
  public void map(InfoMap infoMap) {
    infoMap
        .put(new Info("NEURON_API", "NEURON_NOEXCEPT").cppTypes().annotations())
        .put(new Info("defined(__GNUC__)", "__cplusplus").define(false));
  }
}
